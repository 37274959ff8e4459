"""What only real processes can show: deaths, limits, leftovers, and what a place cannot reach."""

import asyncio
import base64
import fcntl
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deckwire.words import Blame
from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.place import Place
from quarterdeck.outside.cluster.port import PlaceState
from quarterdeck.outside.cluster.tools import find_tools
from testkit.places import LocalWorld, living_with, until

HELPER = Path(__file__).with_name("reconciler.py")


@pytest.fixture
async def world() -> AsyncIterator[LocalWorld]:
    local = LocalWorld()
    yield local
    await local.close()


def shim_of(world: LocalWorld, name: str = "run-1") -> int:
    return json.loads((world.folder / "places" / name / "shim.pid").read_text())["pid"]


def tree(pid: int) -> set[int]:
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return {pid}.union(*(tree(child) for child in children))


def shown_by(pid: int) -> bytes:
    return b"".join(Path(f"/proc/{pid}/{file}").read_bytes() for file in ("environ", "cmdline"))


async def all_dead(pids: set[int]) -> None:
    await until(lambda: not any(_lives(pid) for pid in pids))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# Deaths


async def test_a_killed_reconciler_leaves_the_agents_and_the_next_one_adopts_them(world: LocalWorld) -> None:
    spec = world.spec()
    creator = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(HELPER), str(world.folder), spec.name, spec.secret, stdout=asyncio.subprocess.PIPE
    )
    assert creator.stdout is not None
    uid = (await asyncio.wait_for(creator.stdout.readline(), 20)).decode().strip()
    creator.send_signal(signal.SIGKILL)
    await creator.wait()
    next_one = world.again()
    seen = await next_one.observe("run-1")
    assert seen is not None
    assert (seen.uid, seen.state) == (uid, PlaceState.RUNNING)
    assert (await next_one.create(spec)).uid == uid
    await world.end("run-1", "done")


async def test_the_shims_death_takes_everything_along_and_is_seen_as_gone(world: LocalWorld) -> None:
    await world.cluster.create(world.spec())
    await world.running("run-1")
    await world.say("run-1", "setsid sleep 1000 & sleep 1000")
    shim = shim_of(world)
    pids = await until(lambda: _with_grown(tree(shim), 6))
    os.kill(shim, signal.SIGKILL)
    await all_dead(pids)
    seen = await world.cluster.observe("run-1")
    assert seen is not None
    assert (seen.state, seen.reason, seen.blame) == (PlaceState.ENDED, "gone", Blame.INFRASTRUCTURE)


def _with_grown(pids: set[int], least: int) -> set[int] | None:
    return pids if len(pids) >= least else None


async def test_a_place_whose_shim_never_came_is_gone_after_a_while_and_can_still_be_started_before(
    world: LocalWorld,
) -> None:
    spec = world.spec()
    world.cluster._claim(spec, world.folder / "places" / "run-1")  # the reconciler died on the next line
    seen = await world.cluster.observe("run-1")
    assert seen is not None
    assert seen.state == PlaceState.PENDING
    file = world.folder / "places" / "run-1" / "spec.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"created": 0}))
    seen = await world.cluster.observe("run-1")
    assert seen is not None
    assert seen.reason == "gone"
    await world.cluster.create(spec)
    await world.end("run-1", "done")


async def test_a_pid_that_came_back_is_not_taken_for_the_shim(world: LocalWorld) -> None:
    await world.do("exit 0")
    folder = world.folder / "places" / "run-1"
    (folder / "exit.json").unlink()
    (folder / "shim.pid").write_text(json.dumps({"pid": os.getpid(), "start": 1}))
    seen = await world.cluster.observe("run-1")
    assert seen is not None
    assert seen.reason == "gone"
    assert Place(folder).shim() is None


async def test_when_the_platform_lets_go_of_the_data_folder_its_agents_end(world: LocalWorld) -> None:
    await world.cluster.create(world.spec())
    await world.running("run-1")
    pids = tree(shim_of(world))
    fcntl.flock(world.held, fcntl.LOCK_UN)
    seen = await world.ended("run-1")
    assert (seen.reason, "Quarterdeck was stopped" in seen.text) == ("stopped", True)
    await all_dead(pids)


async def test_a_daemon_does_not_outlive_its_place(world: LocalWorld) -> None:
    mark = "73100.5"
    seen = await world.cluster.create(world.spec())
    await world.say(
        "run-1", f"(setsid sh -c 'trap \"\" TERM HUP; sleep {mark}; sleep {mark}' >/dev/null 2>&1 &) ; sleep 1000"
    )
    await until(lambda: living_with(mark))
    await world.cluster.delete("run-1", seen.uid, grace_s=0.2)
    await world.gone("run-1")
    assert not living_with(mark)


async def test_a_daemon_does_not_outlive_its_agents_own_end(world: LocalWorld) -> None:
    mark = "73200.5"
    await world.do(f"setsid sleep {mark} & exit 0")
    assert not living_with(mark)


# Leaving


async def test_an_agent_that_is_asked_to_leave_may_say_how_it_left(world: LocalWorld) -> None:
    await world.cluster.create(world.spec())
    await world.running("run-1")
    await world.say("run-1", "trap 'echo parked; exit 0' TERM; echo here; while :; do sleep 0.05; done")
    await until(lambda: "here" in world.log())
    os.kill(shim_of(world), signal.SIGTERM)
    assert (await world.ended("run-1")).reason == "done"
    assert "parked" in world.log()


async def test_an_agent_that_will_not_leave_is_killed_after_the_grace(world: LocalWorld) -> None:
    made = await world.cluster.create(world.spec())
    await world.running("run-1")
    await world.say("run-1", "trap 'echo no' TERM; echo here; while :; do sleep 0.05; done")
    await until(lambda: "here" in world.log())
    pids = tree(shim_of(world))
    await world.cluster.delete("run-1", made.uid, grace_s=0.5)
    leaving = await world.cluster.observe("run-1")
    assert leaving is not None
    assert leaving.waiting_for == "its end"
    await world.gone("run-1")
    await all_dead(pids)


async def test_a_removal_whose_shim_died_is_finished_by_the_next_look(world: LocalWorld) -> None:
    await world.cluster.create(world.spec())
    await world.running("run-1")
    shim = shim_of(world)
    os.kill(shim, signal.SIGSTOP)
    made = await world.cluster.observe("run-1")
    assert made is not None
    await world.cluster.delete("run-1", made.uid, grace_s=0)
    os.kill(shim, signal.SIGKILL)
    await world.gone("run-1")
    assert await world.cluster.list() == []
    assert not (world.folder / "places" / "run-1").exists()


# Limits


async def test_a_deadline_asks_first_and_is_the_reason_even_when_the_agent_obeys(world: LocalWorld) -> None:
    seen = await world.do("trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done", deadline_s=1)
    assert (seen.reason, seen.blame, "asked" in world.log()) == ("deadline", Blame.AGENT, True)


async def test_memory_over_the_limit_ends_the_place(world: LocalWorld) -> None:
    greedy = "/usr/bin/python3 -c 'x = bytearray(90 << 20); import time; time.sleep(1000)'"
    seen = await world.do(f"{greedy} & {greedy}", memory_mb=128)
    assert (seen.reason, seen.blame) == ("oom", Blame.AGENT)


async def test_memory_that_forks_share_counts_once(world: LocalWorld) -> None:
    shared = (
        "import os; x = bytearray(80 << 20); pids = [os.fork() or os._exit(os.system('sleep 1')) for _ in range(4)]"
    )
    seen = await world.do(f'/usr/bin/python3 -c "{shared}; [os.wait() for _ in pids]"', memory_mb=256)
    assert (seen.reason, seen.exit_code) == ("done", 0)


async def test_one_process_cannot_outrun_the_memory_limit(world: LocalWorld) -> None:
    await world.do("/usr/bin/python3 -c 'bytearray(600 << 20)' 2>&1; exit 1", memory_mb=256)
    assert "MemoryError" in world.log()


async def test_the_number_of_processes_is_limited() -> None:
    world = LocalWorld(processes=40)
    bomb = (
        "import os, time\ntry:\n  [os.fork() or time.sleep(1000) for _ in range(100)]\nexcept OSError: print('enough')"
    )
    await world.do(_python(bomb) + "; exit 0")
    assert "enough" in world.log()
    await world.close()


def _python(program: str) -> str:
    """One shell line: the listener reads only one."""
    text = base64.b64encode(program.encode()).decode()
    return f"/usr/bin/python3 -c \"import base64; exec(base64.b64decode('{text}'))\" 2>&1"


async def test_the_disk_is_limited_everywhere_a_place_can_write(world: LocalWorld) -> None:
    await world.do(
        "for d in /work /home/agent /tmp /dev/shm; do dd if=/dev/zero of=$d/x bs=1M count=200 2>&1; done; exit 0"
    )
    assert world.log().count("No space left") == 4
    await world.cluster.delete("run-1", (await world.ended("run-1")).uid)
    await world.gone("run-1")
    await world.do(
        "for d in / /dev /etc /run /opt /usr /run/quarterdeck/doors; do touch $d/x && echo wrote $d; done; exit 0"
    )
    assert "wrote" not in world.log()


async def test_a_talkative_agent_cannot_fill_the_disk_with_its_log(world: LocalWorld) -> None:
    await world.do("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo last words; exit 0")
    size = sum(file.stat().st_size for file in (world.folder / "places" / "run-1").glob("log*"))
    assert size <= 4 * 1024 * 1024
    assert world.log().endswith("last words\n")


@pytest.mark.parametrize("limit", [{"memory_mb": 1}, {"disk_mb": 0}, {"deadline_s": 0}])
async def test_limits_nobody_can_live_with_are_refused(world: LocalWorld, limit: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        await world.cluster.create(world.spec(**limit))
    assert refused.value.reason == "limits"


# Starting


async def test_a_program_that_is_not_there_is_a_failed_start() -> None:
    world = LocalWorld(command=["/usr/bin/no-such-agent"])
    await world.cluster.create(world.spec())
    seen = await world.ended("run-1")
    assert (seen.reason, seen.blame) == ("start_failed", Blame.CONFIGURATION)
    assert "no-such-agent" in world.log()
    await world.close()


@pytest.mark.parametrize(("code", "reason"), [(5, "canary_failed"), (6, "start_failed")])
async def test_a_place_that_would_not_do_says_why_in_its_own_words(world: LocalWorld, code: int, reason: str) -> None:
    seen = await world.do(f"echo 'Exposed: 10.0.0.1:5432 answers' >&2; exit {code}")
    assert (seen.reason, seen.exit_code) == (reason, code)
    assert seen.text.endswith("Exposed: 10.0.0.1:5432 answers")


async def test_a_sandbox_that_cannot_stand_is_a_failed_start_with_its_last_words(tmp_path: Path) -> None:
    world = LocalWorld(python=tmp_path / "bin" / "python")
    await world.cluster.create(world.spec())
    seen = await world.ended("run-1")
    assert (seen.reason, seen.exit_code) == ("start_failed", 1)
    assert "bwrap: " in seen.text
    await world.close()


async def test_an_environment_of_packages_is_there_to_read_and_a_missing_one_is_refused(world: LocalWorld) -> None:
    (world.folder / "environments" / "sample" / "bin").mkdir(parents=True)
    for name in ("git", "own-tool"):
        (world.folder / "environments" / "sample" / "bin" / name).write_text(
            f"#!/bin/sh\necho {name} of the packages\n"
        )
        (world.folder / "environments" / "sample" / "bin" / name).chmod(0o755)
    (world.folder / "environments" / "sample" / "package").write_text("it is here")
    await world.do(
        "cat /environment/package; PATH=$QUARTERDECK_TOOLS_PATH own-tool; git --version; touch /environment/x; exit 0",
        environment="sample",
    )
    assert "it is here" in world.log()
    assert "own-tool of the packages" in world.log()
    assert "git of the packages" not in world.log()
    assert not (world.folder / "environments" / "sample" / "x").exists()
    for bad, no in (("other", TryLater), ("../places", Refused), (".gone-1", Refused)):
        with pytest.raises(no):
            await world.cluster.create(world.spec("run-2", environment=bad))


async def test_without_doors_there_is_no_start_yet(world: LocalWorld) -> None:
    spec = world.spec()
    (world.folder / "agent").rename(world.folder / "away")
    with pytest.raises(TryLater) as later:
        await world.cluster.create(spec)
    assert later.value.reason == "starting"


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "A"])
async def test_a_name_cannot_lead_out_of_the_folder(world: LocalWorld, name: str) -> None:
    with pytest.raises(Refused):
        await world.cluster.observe(name)


# Walls


async def test_the_secret_is_in_its_file_and_nowhere_else(world: LocalWorld) -> None:
    secret = world.spec().secret
    await world.cluster.create(world.spec())
    await world.running("run-1")
    folder = world.folder / "places" / "run-1"
    for pid in tree(shim_of(world)):
        assert secret.encode() not in shown_by(pid)
    holders = [file.name for file in folder.rglob("*") if file.is_file() and secret in file.read_text()]
    assert holders == ["secret"]
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    await world.end("run-1", "done")
    assert not (folder / "secret").exists()


async def test_a_place_sees_nothing_of_this_machine_but_programs(world: LocalWorld) -> None:
    (world.folder / "treasure").write_text("gold")
    words = (
        f"ls {world.folder} /root /home /var /sys; ls /proc | grep -c '^[0-9]'; cat /proc/sys/kernel/hostname; id -u"
    )
    await world.do(f"{words}; exit 0")
    assert "treasure" not in world.log()
    _, *lines = world.log().splitlines()
    assert int(lines[-3]) < 12
    assert lines[-2:] == ["place", "1000"]


async def test_it_has_no_privilege_and_cannot_touch_the_kernels_settings(world: LocalWorld) -> None:
    await world.do(
        "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; (echo x >/proc/sys/kernel/core_pattern) 2>&1; exit 0"
    )
    assert "CapEff:\t0000000000000000" in world.log()
    assert "CapBnd:\t0000000000000000" in world.log()
    assert "NoNewPrivs:\t1" in world.log()
    assert "ermission denied" in world.log()


async def test_it_reaches_the_doors_and_its_own_loopback_and_nothing_outside(world: LocalWorld) -> None:
    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        body = b"hello from the doors" if b"GET /agent" in asked else b"?"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(door, world.folder / "agent" / "doors.sock")
    os.chmod(world.folder / "agent" / "doors.sock", 0o666)
    outside = await asyncio.start_server(door, "127.0.0.1", 0)
    port = outside.sockets[0].getsockname()[1]
    program = (
        "import socket, urllib.request, http.server, threading, os\n"
        "print(urllib.request.urlopen(os.environ['QUARTERDECK_URL'] + '/agent').read())\n"
        "own = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "threading.Thread(target=own.handle_request, daemon=True).start()\n"
        "print('own', urllib.request.urlopen(f'http://127.0.0.1:{own.server_port}/').status)\n"
        f"for place in [('127.0.0.1', {port}), ('1.1.1.1', 53), ('169.254.169.254', 80), ('127.0.0.1', 8701)]:\n"
        "  try: print('reached', place, socket.create_connection(place, 3).recv(1) or 1/0)\n"
        "  except (OSError, ZeroDivisionError) as no: print('no', place)\n"
    )
    async with server, outside:
        await world.do(_python(program) + "; exit 0")
    assert "b'hello from the doors'" in world.log()
    assert "own 200" in world.log()
    assert "reached" not in world.log()
    assert world.log().count("no (") == 4


async def test_the_relay_carries_megabytes_both_ways_and_a_half_closed_side(world: LocalWorld) -> None:
    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())  # to the end: the other side must be able to say that it has sent all
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(door, world.folder / "agent" / "doors.sock")
    os.chmod(world.folder / "agent" / "doors.sock", 0o666)
    program = (
        "import socket, hashlib, os\n"
        "data = os.urandom(8 << 20)\n"
        "near = socket.create_connection(('127.0.0.1', 8700))\n"
        "near.sendall(data); near.shutdown(socket.SHUT_WR)\n"
        "back = b''.join(iter(lambda: near.recv(1 << 16), b''))\n"
        "print('same' if back == data else len(back))\n"
    )
    async with server:
        await world.do(_python(program) + "; exit 0")
    assert world.log().endswith("same\n")


async def test_the_agents_interpreter_and_code_work_inside(world: LocalWorld) -> None:
    await world.do(
        "/opt/quarterdeck/python/bin/python -P -c 'import deckwire.words, langgraph.graph; print(\"fine\")' 2>&1; exit 0"
    )
    assert world.log().endswith("fine\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_plain_user_gets_the_same_place(world: LocalWorld) -> None:
    setpriv = find_tools().setpriv
    theirs = world.folder / "theirs"
    (theirs / "agent").mkdir(parents=True)
    for folder in (theirs, theirs / "agent"):
        os.chown(folder, 64641, 64641)
    world.folder.chmod(0o755)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    plain = await asyncio.create_subprocess_exec(
        setpriv, "--reuid", "64641", "--regid", "64641", "--clear-groups",
        "/usr/bin/python3", "-P", str(HELPER), str(theirs), "run-1", "plain",
        stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": packages, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said, _ = await asyncio.wait_for(plain.communicate(), 40)
    assert b"fenced" in said
    assert b"uid=1000" in said


# Figures


@pytest.mark.bench
async def test_twenty_places_at_once(world: LocalWorld, capsys: pytest.CaptureFixture[str]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    names = [f"run-{n}" for n in range(20)]
    await asyncio.gather(*(world.cluster.create(world.spec(name)) for name in names))
    created = loop.time() - began
    for name in names:
        await world.running(name)
    running = loop.time() - began
    for name in names:
        await world.say(name, "exit 0")
    for name in names:
        assert (await world.ended(name)).reason == "done"
    with capsys.disabled():
        print(f"\n20 places: created {created * 1000:.0f} ms, all running {running * 1000:.0f} ms, ")
