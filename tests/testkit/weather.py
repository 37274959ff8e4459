"""What goes wrong around a house: a line that is cut, and a disk of a few megabytes."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PIECE = 1 << 16


class Line:
    """Stands in front of one of the agents' sockets and passes everything on, until it is cut. Requests that were on their
    way lose their answers, and nobody gets through until it is mended."""

    def __init__(self, door: Path) -> None:
        self.door, self.behind = door, door.with_suffix(".behind")
        self.passed = self.ended = 0
        self._living: set[socket.socket] = set()
        self._order = threading.Lock()
        door.rename(self.behind)
        self.mend()

    def mend(self) -> None:
        """Bound beside its name and moved there: at no moment is there a socket that nobody serves."""
        fresh, listener = self.door.with_suffix(".new"), socket.socket(socket.AF_UNIX)
        listener.bind(str(fresh))
        fresh.chmod(0o666)
        listener.listen(64)
        fresh.rename(self.door)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        self.door.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._order:
            self.ended += len(self._living)
            for one in self._living:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def take_away(self) -> None:
        """The door is itself again."""
        self.cut()
        self.behind.rename(self.door)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near, socket.socket(socket.AF_UNIX) as far:
            far.connect(str(self.behind))
            with self._order:
                self._living |= {near, far}
                self.passed += 1
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join()
            with self._order:
                self._living -= {near, far}


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(PIECE):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def lines(*doors: Path) -> Iterator[list[Line]]:
    laid = [Line(door) for door in doors]
    try:
        yield laid
    finally:
        for one in laid:
            one.take_away()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own under this folder. Skips the test where that is not ours to make."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root mounts a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(folder)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"this machine does not let root mount: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Takes every free byte of this disk; the file that holds them."""
    path = folder / "ballast"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(bytes(512)):
            pass
    return path
