"""The first process inside a sandboxed place: makes the platform's Unix sockets reachable on the inner loopback
(git cannot speak Unix sockets), starts the agent, tells it when to leave, and ends with its exit code.

A program of its own, run as `python -I -S relay.py NAME=port:socket… [processes=n] -- command…`. NAME becomes a variable of
the agent's environment that holds the address; port 0 takes a free one. Closing our stdin asks the agent to leave.
"""

import contextlib
import os
import resource
import select
import signal
import socket
import sys
import threading
from dataclasses import dataclass

READY = b"place: ready\n"
CHUNK = 65536


@dataclass(frozen=True)
class Gate:
    """One way out: a listening socket on the loopback and the Unix socket behind it."""

    listener: socket.socket
    target: str


def parse(words: list[str]) -> tuple[dict[str, tuple[int, str]], int, list[str]]:
    """→ gates by variable name, the most processes (0: no limit), the agent's command."""
    cut = words.index("--")
    given = dict(word.split("=", 1) for word in words[:cut])
    processes = int(given.pop("processes", "0"))
    gates = {name: (int(value.split(":", 1)[0]), value.split(":", 1)[1]) for name, value in given.items()}
    return gates, processes, words[cut + 1 :]


def listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def spawn(command: list[str], env: dict[str, str]) -> int:
    nothing = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    return os.posix_spawnp(command[0], command, env, file_actions=nothing, setsigdef=[signal.SIGPIPE])


def serve(gate: Gate) -> None:
    """For ever. Threads, not asyncio: its import would cost more than the whole rest of this program, at each start."""
    while True:
        near, _ = gate.listener.accept()
        threading.Thread(target=join, args=(near, gate.target), daemon=True).start()


def join(near: socket.socket, target: str) -> None:
    """A platform that is away looks like a connection closed at once: the agent tries again."""
    with contextlib.suppress(OSError), near, socket.socket(socket.AF_UNIX) as far:
        far.connect(target)
        back = threading.Thread(target=copy, args=(far, near), daemon=True)
        back.start()
        copy(near, far)
        back.join()


def copy(source: socket.socket, sink: socket.socket) -> None:
    """To the end of one direction; the other may go on (a held request has been sent long before its answer)."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def wait(child: int) -> int:
    """The child's exit code, 128 + n for signal n. Closing our stdin is passed on to it as SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: ask_to_leave(child))
    pidfd, poll = os.pidfd_open(child), select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.register(0, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if pidfd in ready:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return code if code >= 0 else 128 - code
        if 0 in ready:
            poll.unregister(0)
            ask_to_leave(child)


def ask_to_leave(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


def main() -> int:
    wanted, processes, command = parse(sys.argv[1:])
    env = dict(os.environ)
    gates = []
    for name, (port, target) in wanted.items():
        gates.append(Gate(listen(port), target))
        env[name] = f"http://127.0.0.1:{gates[-1].listener.getsockname()[1]}"
    if processes:
        # Here, not before: counted inside our own user namespace, so other processes of the same person do not count.
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    os.write(1, READY)
    try:
        child = spawn(command, env)
    except OSError as error:
        os.write(1, f"The agent cannot start: {error}\n".encode())
        return 6
    for gate in gates:
        threading.Thread(target=serve, args=(gate,), daemon=True).start()
    return wait(child)


if __name__ == "__main__":
    os._exit(main())  # threads that still copy need not be waited for
