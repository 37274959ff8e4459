"""The sandbox's arguments, compared whole."""

from dataclasses import replace
from pathlib import Path

from quarterdeck.outside.cluster.bubblewrap import Bind, Tools, View, sandbox_argv
from quarterdeck.outside.cluster.layout import interpreter, python_inside

TOOLS = Tools(bwrap="/usr/bin/bwrap", setpriv="/usr/bin/setpriv")
VIEW = View(
    binds=(Bind("/usr", "/usr"), Bind("/data/places/run-1/secret", "/run/quarterdeck/secret")),
    links=(("usr/bin", "/bin"),),
    tmpfs=(("/work", 64),),
    env=(("HOME", "/home/agent"),),
    command=("/bin/true",),
)
INNER = """
/usr/bin/bwrap --unshare-all --unshare-user --die-with-parent --new-session --cap-drop ALL --uid 1000 --gid 1000
--hostname place --symlink usr/bin /bin --perms 0700 --size 67108864 --tmpfs /work --ro-bind /usr /usr
--perms 0755 --dir /run --perms 0755 --dir /run/quarterdeck
--ro-bind /data/places/run-1/secret /run/quarterdeck/secret
--proc /proc --dev /dev --size 134217728 --tmpfs /dev/shm --remount-ro /dev --remount-ro / --chdir / --clearenv
--setenv HOME /home/agent -- /bin/true
"""
STAGE = """
/usr/bin/bwrap --die-with-parent --symlink usr/bin /bin --ro-bind /usr /usr
--perms 0755 --dir /run --perms 0755 --dir /run/quarterdeck
--ro-bind /data/places/run-1/secret /run/quarterdeck/secret
--dev /dev --bind /proc /proc --perms 1777 --dir /tmp --chdir / --
/usr/bin/setpriv --reuid 64640 --regid 64640 --clear-groups --no-new-privs --pdeathsig KILL --
"""


def test_a_plain_user_goes_straight_into_the_sandbox() -> None:
    assert sandbox_argv(VIEW, TOOLS, root=False) == INNER.split()


def test_root_lays_out_the_same_view_and_drops_to_nobody_first() -> None:
    laid_out = INNER.replace("/data/places/run-1/secret /run", "/run/quarterdeck/secret /run")
    assert sandbox_argv(VIEW, TOOLS, root=True) == STAGE.split() + laid_out.split()


def test_what_an_install_fills_is_the_only_bind_that_can_be_written() -> None:
    filling = replace(VIEW, binds=(*VIEW.binds, Bind("/data/environments/install-1", "/environment", writable=True)))
    after = "--ro-bind /data/places/run-1/secret /run/quarterdeck/secret\n"
    inner = INNER.replace(after, f"{after} --bind /data/environments/install-1 /environment\n")
    assert sandbox_argv(filling, TOOLS, root=False) == inner.split()
    stage = STAGE.replace(after, f"{after} --bind /data/environments/install-1 /environment\n")
    laid_out = inner.replace("/data/places/run-1/secret /run", "/run/quarterdeck/secret /run")
    laid_out = laid_out.replace("/data/environments/install-1", "/environment")
    assert sandbox_argv(filling, TOOLS, root=True) == stage.split() + laid_out.split()


def test_a_plain_user_needs_no_setpriv() -> None:
    assert sandbox_argv(VIEW, replace(TOOLS, setpriv=""), root=False) == INNER.split()


def test_every_link_of_an_interpreter_leads_somewhere_inside(tmp_path: Path) -> None:
    real = tmp_path / "python-3.11.7" / "bin" / "python3.11"
    venv = tmp_path / "venv" / "bin"
    for folder in (real.parent, venv):
        folder.mkdir(parents=True)
    real.touch()
    (tmp_path / "python-3.11").symlink_to("python-3.11.7")
    (venv.parent / "pyvenv.cfg").touch()
    (venv / "python").symlink_to(tmp_path / "python-3.11" / "bin" / "python3.11")
    assert interpreter(venv / "python") == [
        Bind(str(tmp_path / "venv"), "/opt/quarterdeck/python"),
        Bind(str(tmp_path / "python-3.11"), str(tmp_path / "python-3.11")),
        Bind(str(tmp_path / "python-3.11.7"), str(tmp_path / "python-3.11.7")),
    ]
    assert python_inside(venv / "python") == "/opt/quarterdeck/python/bin/python"


def test_the_systems_own_interpreter_is_below_usr_already() -> None:
    assert interpreter(Path("/usr/bin/python3")) == []
    assert python_inside(Path("/usr/bin/python3")) == "/usr/bin/python3"
