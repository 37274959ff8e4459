"""A checkout that means harm: what it brings is data to the runner, and never runs with the runner's rights."""

from pathlib import Path

import pytest

from deckhand.sandbox import Box, probe
from deckhand.tools.bounds import ToolError, inside, read_text

from .cast import FINISH, FIX, Play, git


def shell(command: str) -> list[tuple[str, dict[str, object]]]:
    return [("shell", {"command": command})]


def test_a_checkouts_own_modules_are_not_imported_by_the_runner(stage, tmp_path: Path):
    trap = f"open({str(tmp_path / 'trapped')!r}, 'w').close()\nraise SystemExit('trapped')\n"
    names = (
        "pydantic.py",
        "httpx.py",
        "langgraph/__init__.py",
        "sitecustomize.py",
        "json.py",
        "deckwire/__init__.py",
        "openai.py",
    )
    platform, start = stage(Play({"work": [FIX, FINISH]}), files={name: trap for name in names})
    platform.config = platform.config.model_copy(
        update={"commands": platform.config.commands.model_copy(update={"test": "true"})}
    )
    start().ends(0)
    assert not (tmp_path / "trapped").exists()
    assert platform.byes[-1].state == "sealed"


def repository(where: str) -> str:
    """Shell words that make a repository whose configuration runs `m.sh` of the checkout's top."""
    return (
        f"mkdir -p {where}; (top=$PWD; cd {where}; git init -q .; echo x > f; git add f; "
        "git -c user.name=m -c user.email=m@m commit -qm x; git config core.fsmonitor $top/m.sh; "
        "git config filter.evil.clean $top/m.sh; git config diff.evil.textconv $top/m.sh; "
        "cp $top/m.sh .git/hooks/pre-commit; cp $top/m.sh .git/hooks/post-checkout; echo y > f); "
    )


def trap_script(trap: Path) -> str:
    return f"printf '#!/bin/sh\\ntouch {trap}\\n' > m.sh; chmod +x m.sh; "


def springs(trap: Path, where: Path) -> bool:
    """Whether the trap works at all: an unwary git walks into it."""
    git("status", cwd=where)
    return trap.exists()


def test_git_configuration_that_a_tool_leaves_behind_is_never_read(stage, tmp_path: Path):
    trap = tmp_path / "trapped"
    plant = (
        trap_script(trap) + repository("inner") + repository(".") + "echo '* filter=evil diff=evil' > .gitattributes; "
    )
    platform, start = stage(Play({"work": [shell(plant + f"rm -f {trap}"), FIX, shell("echo z >> inner/f"), FINISH]}))
    agent = start()
    agent.ends(0)
    assert not trap.exists()
    tracked = git("ls-tree", "-r", "--name-only", "run", cwd=platform.repository).split()
    assert "m.sh" in tracked
    assert "inner/f" not in tracked, "a repository of its own is left out"
    assert springs(trap, agent.workspace)


def test_a_submodule_that_a_tool_fills_with_a_repository_of_its_own_runs_nothing(stage, tmp_path: Path):
    trap = tmp_path / "trapped"
    platform, start = stage()
    seed = tmp_path / "seed"
    git("update-index", "--add", "--cacheinfo", f"160000,{platform.base},sub", cwd=seed)
    git("commit", "-qm", "with a submodule", cwd=seed)
    git("push", "-q", str(platform.repository), "HEAD:run", cwd=seed)
    platform.base = git("rev-parse", "run", cwd=platform.repository)
    plant = trap_script(trap) + repository("sub") + f"rm -f {trap}"
    platform.script = Play({"work": [shell(plant), FIX, FINISH]})
    agent = start()
    agent.ends(0)
    assert not trap.exists()
    assert springs(trap, agent.workspace / "sub")


def test_tools_see_neither_the_secret_nor_the_runners_environment(stage, tmp_path: Path):
    look = shell("env; cat ../secret ../home/gitconfig /proc/*/environ; true")
    platform, start = stage(Play({"work": [look, FIX, FINISH]}))
    box = Box(tmp_path, tmp_path, ())
    if not probe(box).works:
        pytest.skip(probe(box).words)
    start(QUARTERDECK_TOOLS="bwrap").ends(0)
    assert platform.byes[-1].state == "sealed", "its tests ran behind the wall too"
    output = platform.of("ran")[0]["output"]
    assert "CI=1" in output
    assert "QUARTERDECK" not in output
    assert "secret-" not in output
    assert "qd_git_" not in output


def test_the_git_token_is_in_a_private_file_while_git_talks_and_nowhere_else(stage, tmp_path: Path):
    """In a pod tools have the runner's uid: what they could read must hold nothing."""
    look = shell("cat ../home/gitconfig; grep -rl qd_git_ .. ; echo looked")
    platform, start = stage(Play({"work": [look, FIX, FINISH]}))
    agent = start()
    agent.ends(0)
    said = platform.of("ran")[0]["output"]
    assert "hooksPath" in said
    assert "qd_git_" not in said
    config = agent.place / "home" / "gitconfig"
    assert "qd_git_" not in config.read_text()
    assert config.stat().st_mode & 0o777 == 0o600


def test_no_daemon_of_a_tool_outlives_it(stage):
    daemon = shell(
        "(setsid sh -c 'echo $$ > ../pid; exec sleep 600' >/dev/null 2>&1 &); while [ ! -s ../pid ]; do sleep 0.02; done"
    )
    platform, start = stage(
        Play({"work": [daemon, shell("kill -0 $(cat ../pid) && echo alive || echo dead"), FIX, FINISH]})
    )
    start().ends(0)
    assert platform.of("ran")[1]["output"].strip().endswith("dead")


def test_output_without_end_is_cut_and_time_without_end_is_limited(stage):
    flood = [("shell", {"command": "yes", "seconds": 1})]
    platform, start = stage(Play({"work": [flood, FIX, FINISH]}), output_bytes=4096)
    start().ends(0)
    ran = platform.of("ran")[0]
    assert (ran["exit_code"], ran["why"]) == (None, "it took more than 1 s")
    assert len(ran["output"]) < 10_000


def test_nul_and_lone_surrogates_of_a_tool_do_not_reach_the_ledger(stage):
    platform, start = stage(Play({"work": [shell("printf 'a\\0b\\355\\240\\200c'"), FIX, FINISH]}))
    start().ends(0)
    assert "\0" not in platform.of("ran")[0]["output"]
    assert platform.of("ran")[0]["output"].startswith("a")


def test_files_over_the_cap_and_ignored_ones_stay_out_of_the_commit(stage):
    make = shell(
        "head -c 6000000 /dev/zero > big.bin; echo small > small.txt; mkdir -p __pycache__; echo x > __pycache__/a.pyc"
    )
    platform, start = stage(Play({"work": [make, FIX, FINISH]}))
    start().ends(0)
    tracked = git("ls-tree", "-r", "--name-only", "run", cwd=platform.repository).split()
    assert "small.txt" in tracked
    assert "big.bin" not in tracked
    assert "__pycache__/a.pyc" not in tracked
    assert [one for one in platform.of("noted") if "big.bin" in one["detail"]]


def test_what_setup_makes_is_no_work_of_the_agents(stage):
    platform, start = stage(Play({"work": [[("create", {"path": "mine.txt", "content": "mine\n"})], FIX, FINISH]}))
    commands = platform.config.commands.model_copy(
        update={"setup": "mkdir -p 'a b'; echo made > 'a b/made [1].txt'; exit 3"}
    )
    platform.config = platform.config.model_copy(update={"commands": commands})
    start().ends(0)
    tracked = git("ls-tree", "-r", "--name-only", "run", cwd=platform.repository)
    assert "mine.txt" in tracked
    assert "made" not in tracked
    assert "The setup command failed" in str(platform.calls[-2].messages[1]["content"])


def test_half_a_character_in_a_models_call_stops_nothing(stage):
    broken = [("shell", {"command": "echo '\ud83d' \0"})]
    platform, start = stage(Play({"work": [broken, FIX, FINISH]}))
    start().ends(0)
    assert platform.byes[-1].state == "sealed"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link", ".git/config", "sub/../../x"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("s")
    with pytest.raises(ToolError):
        inside(tree, name)
    with pytest.raises(ToolError):
        read_text(tree, name)
