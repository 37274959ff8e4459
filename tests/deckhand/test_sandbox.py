"""The wall between the runner and what a model runs: shown inside a real place, by a tool that looks for the secret."""

import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from deckhand.sandbox import Box, box, plain, probe
from testkit.places import LocalWorld

BOX = Box(Path("/work"), Path("/home/agent/tools"), (Path("/run"), Path("/home/agent")), tmp_mb=2)
SETUP = """
import os, subprocess, sys
from dataclasses import replace
from pathlib import Path
from deckhand.sandbox import box, harden, own_home, plain, probe
harden()
secret = Path("/run/quarterdeck/secret").read_text()
os.environ["RUNNERS_OWN"] = secret  # a mistake of ours must not become a way out
Path("/home/agent/git-token").write_text(secret)
Path("/work/checkout.txt").write_text("the checkout")
walls = box(Path("/work"), own_home(Path("/home/agent/tools")), Path("/home/agent"))
def tool(program, wrap=walls.wrap):
    argv = wrap(["/usr/bin/python3", "-c", program])
    done = subprocess.run(argv, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode
"""
# Everything a thief of one uid would try: environments, memory, open files, every readable file, every socket.
THIEF = """
import os, re, socket, sys
needle = b"pipe-" + b"run-1"
def look(path, where):
    try:
        if os.stat(path).st_mode & 0o170000 != 0o100000: return  # a pipe would hold us for ever
        with open(path, "rb") as file: data = file.read(4 << 20)
        if needle in data: print("FOUND", where, path)
    except (OSError, ValueError, OverflowError): pass
pids = [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
for pid in pids:
    for name in ("environ", "cmdline"): look(f"/proc/{pid}/{name}", "process")
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"): look(f"/proc/{pid}/fd/{fd}", "open file")
        for line in open(f"/proc/{pid}/maps"):
            low, high = (int(x, 16) for x in line.split()[0].split("-"))
            if "rw" in line and high - low < 64 << 20:
                with open(f"/proc/{pid}/mem", "rb", 0) as mem:
                    mem.seek(low)
                    if needle in mem.read(high - low): print("FOUND memory of", pid)
    except OSError: pass
    for top in ("root/run", "root/home/agent", "cwd"): look(f"/proc/{pid}/{top}/git-token", "through proc")
for top, folders, files in os.walk("/"):
    if top == "/": folders[:] = [f for f in folders if f not in ("proc", "usr", "sys")]
    if top.startswith("/opt/quarterdeck") or "python" in top: continue
    for name in files: look(os.path.join(top, name), "file")
    for name in files + folders:
        try: kind = os.stat(os.path.join(top, name)).st_mode
        except OSError: continue
        if kind & 0o170000 == 0o140000: print("FOUND socket", top, name)
for port in (8700, 8701):
    try: socket.create_connection(("127.0.0.1", port), 1); print("FOUND relay", port)
    except OSError: pass
print("pids", len(pids), "looked everywhere")
"""


@pytest.fixture
async def world() -> AsyncIterator[LocalWorld]:
    local = LocalWorld(processes=200)
    yield local
    await local.close()


async def inside(world: LocalWorld, program: str, setup: str = SETUP) -> str:
    """What the program printed, run as the runner in a place."""
    text = base64.b64encode((setup + program).encode()).decode()
    line = f"exec(base64.b64decode('{text}'))"
    seen = await world.do(f'/opt/quarterdeck/python/bin/python -P -c "import base64; {line}" 2>&1')
    assert seen.exit_code == 0, world.log()
    return world.log()


WALLED = """
/usr/bin/bwrap --unshare-all --unshare-user --disable-userns --die-with-parent --new-session --cap-drop ALL
--uid 1000 --gid 1000 --ro-bind / / --perms 0755 --size 1048576 --tmpfs /run
--perms 0755 --size 1048576 --tmpfs /home/agent --perms 1777 --size 2097152 --tmpfs /tmp
--bind /work /work --bind /home/agent/tools /home/agent/tools
--proc /proc --dev /dev --size 67108864 --tmpfs /dev/shm --remount-ro /dev --chdir /work -- /bin/sh -c
"""


def test_the_whole_command_that_walls_in_a_tool() -> None:
    assert BOX.wrap(["/bin/sh", "-c", "make test"]) == [*WALLED.split(), "make test"]


def test_an_install_may_also_write_its_environment_and_share_the_places_network() -> None:
    walled = WALLED.replace("--cap-drop", "--share-net --cap-drop")
    walled = walled.replace("--proc /proc", "--bind /environment /environment --proc /proc")
    installing = replace(BOX, writable=(Path("/environment"),), network=True)
    assert installing.wrap(["/bin/sh", "-c", "make test"]) == [*walled.split(), "make test"]


def test_only_who_installs_gets_that() -> None:
    asked = (Path("/work"), Path("/home/agent/tools"), Path("/home/agent"))
    assert (box(*asked).writable, box(*asked).network) == ((), False)
    installing = box(*asked, installing=True)
    assert (installing.writable, installing.network) == ((Path("/environment"),), True)


async def test_a_thief_among_the_tools_finds_neither_secret_nor_socket(world: LocalWorld) -> None:
    log = await inside(world, f"tool({THIEF!r})")
    assert "FOUND" not in log
    assert "looked everywhere" in log


async def test_the_same_thief_finds_them_where_there_is_no_wall(world: LocalWorld) -> None:
    log = await inside(world, f"tool({THIEF!r}, wrap=plain)")
    assert "FOUND file /run/quarterdeck/secret" in log
    assert "FOUND relay 8700" in log


async def test_even_without_a_wall_the_runners_memory_is_closed(world: LocalWorld) -> None:
    log = await inside(world, f"tool({THIEF!r}, wrap=plain); print('runner', os.getpid())")
    runner = log.rpartition("runner ")[2].strip()
    assert f"FOUND memory of {runner}\n" not in log
    assert f"FOUND process /proc/{runner}/" not in log


async def test_a_runner_that_is_not_hardened_is_an_open_book(world: LocalWorld) -> None:
    program = f"Path('/work/thief').write_text({THIEF!r}); subprocess.run(['/usr/bin/python3', '/work/thief'])"
    log = await inside(world, program, SETUP.replace("\nharden()\n", "\n"))
    assert "FOUND memory of" in log


async def test_a_tool_works_on_the_checkout_and_keeps_a_home_of_its_own(world: LocalWorld) -> None:
    program = """
tool("open('/work/made', 'w').write(open('/work/checkout.txt').read()); open('/home/agent/tools/cache', 'w').write('kept')")
tool("print(open('/home/agent/tools/cache').read(), __import__('os').listdir('/home/agent'))")
print(Path("/work/made").read_text())
"""
    assert (await inside(world, program)).endswith("kept ['tools']\nthe checkout\n")


async def test_a_tool_can_write_nowhere_else_and_its_tmp_is_its_own(world: LocalWorld) -> None:
    program = """
tool("open('/tmp/note', 'w').write('x')")
print("left", os.listdir("/tmp"))
tool('''
import os
for top in ("/", "/etc", "/usr", "/opt/quarterdeck/agents", "/dev", "/run/quarterdeck/doors"):
    try: open(top + "/x", "w"); print("WROTE", top)
    except OSError: pass
''')
"""
    log = await inside(world, program)
    assert "left []" in log
    assert "WROTE" not in log


async def test_a_tool_has_its_own_loopback_and_gets_no_further_namespace(world: LocalWorld) -> None:
    program = """
tool("import socket as s; a = s.create_server(('127.0.0.1', 0)); s.create_connection(a.getsockname()); print('loopback')")
print("nested", subprocess.run(walls.wrap(["/usr/bin/unshare", "-Ur", "true"]), stderr=subprocess.DEVNULL).returncode)
print("code", tool("raise SystemExit(7)"))
"""
    log = await inside(world, program)
    assert "loopback" in log
    assert "nested 1" in log
    assert "code 7" in log


async def test_what_a_tool_leaves_behind_dies_with_it(world: LocalWorld) -> None:
    program = """
tool("import os; os.fork() or (os.setsid(), os.fork() or os.execvp('sleep', ['sleep', '74100.5']))")
left = [p for p in os.listdir("/proc") if p.isdigit() and b"74100.5" in Path(f"/proc/{p}/cmdline").read_bytes()]
print("left", left)
"""
    assert "left []" in await inside(world, program)


async def test_the_probe_says_yes_inside_a_place(world: LocalWorld) -> None:
    assert "True Tools run in a sandbox of their own." in await inside(
        world, "p = probe(walls); print(p.works, p.words)"
    )


def test_the_probe_says_plainly_why_not(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    answer = probe(Box(tmp_path, tmp_path, (), bwrap=str(broken)))
    assert not answer.works
    assert "No permissions to create new namespace" in answer.words
    assert not probe(Box(tmp_path, tmp_path, (), bwrap=str(tmp_path / "nothing"))).works


def test_without_walls_a_tool_gets_at_least_a_session_of_its_own() -> None:
    assert plain(["/bin/true"]) == ["/usr/bin/setsid", "--wait", "/bin/true"]
    assert os.access("/usr/bin/setsid", os.X_OK)
