"""Holds one place: starts its sandbox, keeps its limits, writes down how it ended, and takes it along when it dies.

A program of its own, run as `python -I -S shim.py <place folder>`: standard library only and no import of ours, so that
it starts in milliseconds and costs little memory beside each agent. It belongs to no reconciler: whoever finds its pid
and start time in the folder can go on with it. Files: spec.json in, shim.pid, ready, log.txt and exit.json out.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import sys
import time
from types import FrameType
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
READY = b"place: ready\n"
TICK_MS = 250
LOCK_EVERY_S = 1.0
# deckhand's exit codes; every other one is a crash, or a kill when a signal says so.
REASONS = {0: "done", 3: "fenced", 4: "done", 5: "canary_failed", 6: "start_failed", 7: "done"}
KILLED = {-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGKILL, 128 + signal.SIGTERM}


def write(name: str, value: dict[str, Any]) -> None:
    """Whole or not at all: readers never see half a file, and neither does the next boot."""
    with open(f".{name}", "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f".{name}", name)


def read(name: str) -> dict[str, Any]:
    with open(name) as file:
        return json.load(file)


def start_time(pid: int) -> int:
    """In clock ticks since boot (proc(5), field 22 of stat): with the pid it names a process for good."""
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[19])


def descendants(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    children = [int(word) for word in file.read().split()]
                found += children
                todo += children
    return found


def used_kb(pid: int, file: str, words: tuple[str, ...]) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/{file}") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(words))
    return 0


def memory_kb(limit: int) -> int:
    """What the tree uses. The cheap sum counts pages shared after a fork once for each process, so before it may
    kill anybody the exact one (proportional set size) is asked."""
    tree = descendants(os.getpid())
    cheap = sum(used_kb(pid, "status", ("RssAnon:", "RssShmem:")) for pid in tree)
    return cheap if cheap <= limit else sum(used_kb(pid, "smaps_rollup", ("Pss:",)) for pid in tree)


class Log:
    """log.txt and the one before it: two halves, so the newest lines are always there and the disk never fills."""

    def __init__(self, limit: int) -> None:
        self.half, self.tail = limit // 2, b""
        self.open()

    def open(self) -> None:
        self.file = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self.size = 0

    def add(self, data: bytes) -> None:
        if self.size + len(data) > self.half:
            os.close(self.file)
            os.rename("log.txt", "log.old.txt")
            self.open()
        with contextlib.suppress(OSError):  # a full disk costs lines, not the agent's work
            self.size += os.write(self.file, data)
        self.tail = (self.tail + data)[-4096:]

    def last_line(self) -> str:
        lines = self.tail.decode(errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else ""


class Holder:
    """`why` is what we did to it (deadline, oom, killed, stopped); what the agent did itself is in its exit code."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec, self.log = spec, Log(spec["log_bytes"])
        self.why: tuple[str, str] | None = None
        self.ready, self.code = False, 0
        self.kill_at = float("inf")
        self.deadline = time.monotonic() + spec["deadline_s"]
        self.next_lock = 0.0

    def run(self) -> None:
        self.open_outlet()
        self.start()
        while not self.ended():
            self.turn()
        sweep()
        self.drain()
        self.tell()

    def open_outlet(self) -> None:
        """The way out of a place that has one: a child of ours, so it ends with the place. What it says is in outlet.log."""
        if argv := self.spec.get("outlet"):
            log = [
                (os.POSIX_SPAWN_OPEN, fd, "outlet.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for fd in (1, 2)
            ]
            os.posix_spawn(argv[0], argv, {}, file_actions=log, setsigdef=[signal.SIGPIPE], setsigmask=[])

    def start(self) -> None:
        """Its stdin is our word to leave (it closes), its output goes to the log."""
        ours, self.stdin = os.pipe()
        self.stdout, theirs = os.pipe()
        os.set_blocking(self.stdout, False)
        self.wake, note = os.pipe()
        os.set_blocking(note, False)
        signal.set_wakeup_fd(note)
        signal.signal(signal.SIGTERM, self.on_term)
        actions = [(os.POSIX_SPAWN_DUP2, ours, 0), (os.POSIX_SPAWN_DUP2, theirs, 1), (os.POSIX_SPAWN_DUP2, theirs, 2)]
        argv = self.spec["argv"]
        self.pid = os.posix_spawn(
            argv[0], argv, self.spec["env"], file_actions=actions, setsigdef=[signal.SIGPIPE], setsigmask=[]
        )
        self.pidfd = os.pidfd_open(self.pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.close(ours)
        os.close(theirs)

    def on_term(self, _signal: int, _frame: FrameType | None) -> None:
        self.leave("killed", "It was asked to leave.", grace())

    def leave(self, reason: str, text: str, grace_s: float) -> None:
        """Ask now, kill later. Who asked first gives the reason; who asks with less patience is heard."""
        self.why = self.why or (reason, text)
        self.kill_at = min(self.kill_at, time.monotonic() + grace_s)
        if self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1  # the number may be somebody else's next

    def ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.code = os.waitstatus_to_exitcode(status)
        return bool(pid)

    def turn(self) -> None:
        poll = select.poll()
        for fd in (self.pidfd, self.stdout, self.wake):
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(TICK_MS):
            if fd == self.wake:
                os.read(self.wake, 64)
        self.drain()
        self.check_limits(time.monotonic())

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.stdout, 65536):
                self.log.add(data)
                if not self.ready and READY in self.log.tail:
                    self.ready = True
                    write("ready", {"at": time.time()})
                if len(data) < 65536:
                    return

    def check_limits(self, now: float) -> None:
        limit = self.spec["memory_mb"] * 1024
        if now >= self.kill_at:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        elif now >= self.deadline:
            self.deadline = float("inf")
            self.leave("deadline", f"It ran for {self.spec['deadline_s']} s.", self.spec["grace_s"])
        elif (used := memory_kb(limit)) > limit:
            self.leave("oom", f"It used {used // 1024} MiB of {self.spec['memory_mb']}.", 0)
        elif now >= self.next_lock:
            self.next_lock = now + LOCK_EVERY_S
            if lock_is_free(self.spec["lock"]):
                self.leave("stopped", "", 0)

    def verdict(self) -> tuple[str, str]:
        if self.why and self.why[0] in {"oom", "deadline"}:
            return self.why
        if not self.ready and not self.why:
            return "start_failed", self.log.last_line()
        if self.code in REASONS:
            # Why a place would not do stands in its last line: a person has to mend it.
            return REASONS[self.code], self.log.last_line() if self.code in (5, 6) else ""
        if self.why or self.code in KILLED:
            return self.why or ("killed", "")
        return "crashed", f"It ended with code {self.code}."

    def tell(self) -> None:
        reason, text = self.verdict()
        with contextlib.suppress(FileNotFoundError):
            os.unlink("secret")
        write("exit.json", {"reason": reason, "text": text, "exit_code": self.code, "at": time.time()})


def sweep() -> None:
    """Nothing of the place may outlive its exit.json: orphans come to us (subreaper) and are ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def grace() -> float:
    """Seconds between asking and killing: the one who deletes may say."""
    with contextlib.suppress(OSError, ValueError):
        return float(read("leave.json")["grace_s"])
    return float(read("spec.json")["grace_s"])


def lock_is_free(path: str) -> bool:
    """Whether nobody runs on the data folder any more. Shared: two shims that look at once do not see each other."""
    if not path:
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(file)


def prepare(spec: dict[str, Any]) -> None:
    """Limits that a child inherits. The data limit is twice the memory's: it stops one greedy process between two looks
    of ours, without touching what runtimes only reserve (RLIMIT_AS would)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = spec["memory_mb"] * 1024 * 1024 * 2
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    # When the machine itself runs out, the kernel should take an agent, not the database.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


def claim() -> int | None:
    """The right to be this place's one shim, or None when there is or was one."""
    file = os.open("shim.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    if any(os.path.exists(name) for name in ("shim.pid", "exit.json", "leave.json")):
        return None
    # From here on somebody may ask us to leave; we hear it once there is an agent to tell.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    write("shim.pid", {"pid": os.getpid(), "start": start_time(os.getpid())})
    return file


def hold(told: int) -> None:
    lock = claim()
    os.close(told)
    if lock is None:
        return
    spec = read("spec.json")
    prepare(spec)
    Holder(spec).run()
    if os.path.exists("leave.json"):
        remove(spec["uid"])


def remove(uid: str) -> None:
    """Renamed first: from then on the name is free and nobody reads half a place. Somebody may have been faster."""
    import shutil  # at the end of life only: the start should stay cheap

    gone = f"../.gone-{uid}"
    with contextlib.suppress(FileNotFoundError):
        os.rename(f"../{os.path.basename(os.getcwd())}", gone)
        shutil.rmtree(gone, ignore_errors=True)


def main() -> None:
    """Detach from whoever started us: he waits only until the place is claimed, and never has to reap us."""
    os.chdir(sys.argv[1])
    heard, told = os.pipe()
    if os.fork():
        os.close(told)
        os.read(heard, 1)
        os._exit(0)
    os.close(heard)
    hold(told)


if __name__ == "__main__":
    main()
