"""Takes a push: the pack lies aside until it is checked and weighed; only then its objects and the ref move.

No hook and no receive-pack: we read the command ourselves, so there is nothing a client could switch on.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import names, run
from quarterdeck.outside.repos.folders import Folders, migrate
from quarterdeck.outside.repos.plumbing import Bounds, Git
from quarterdeck.outside.repos.push import Move
from quarterdeck.outside.repos.weigh import Known, Quota, bounded, weigh


@dataclass(frozen=True)
class Intake:
    """Everything a push is measured by."""

    folders: Folders
    quota: Quota
    known: Known

    def take(
        self, run_id: str, moves: list[Move], pack: IO[bytes], holding: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Moves the run's ref as asked; `pack` stands where the pack begins.

        `holding` is entered for the move alone: it keeps the epoch from changing, and raises Refused(fenced or frozen).
        Raises Refused(one_ref, stale, broken, quota, frozen), TryLater when another push of this run is at work.
        """
        path = self.folders.run(run_id)
        move = only_move(moves)
        with self.folders.lock(f"push-{run_id}", wait=0):
            run.refuse_frozen(path)
            refuse_stale(path, move)
            self._room(path)
            bounds = Bounds(seconds=self.quota.seconds, memory=self.quota.memory)
            with self.folders.loose(path, bounds) as (git, objects):
                _unpack(git, pack, self.quota)
                weigh(_alone(git, objects), git, self.quota, self.known)
                _connected(git, move.new)
                self._move(run_id, path, objects, move, holding)

    def _move(
        self, run_id: str, path: Path, objects: Path, move: Move, holding: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """If we die between the last two lines there are objects without a ref, that only this run could name."""
        with self.folders.lock(f"ref-{run_id}", wait=10), holding():
            run.refuse_frozen(path)
            refuse_stale(path, move)
            migrate(objects, path)
            Git(path, bounds=Bounds(seconds=10)).text("update-ref", move.ref, move.new, move.old)

    def _room(self, path: Path) -> None:
        held = sum(file.stat().st_size for file in (path / "objects" / "pack").iterdir())
        if held > self.quota.run:
            raise Refused("This run's repository is full.", reason="quota", remedy="Close the run.", status=413)


def only_move(moves: list[Move]) -> Move:
    """Exactly one command, on the run's own ref, to a commit. Raises Refused(one_ref)."""
    if len(moves) != 1:
        raise _one_ref(f"A push moves exactly one ref, not {len(moves)}.")
    move = moves[0]
    if move.ref != run.REF:
        raise _one_ref("Only the run's own branch may be pushed.")
    if move.new == names.NONE:
        raise _one_ref("The run's branch cannot be deleted.")
    return move


def refuse_stale(path: Path, move: Move) -> None:
    if (now := run.head(path)) != move.old:
        raise Refused(
            f"The branch is at {now[:12]}, not at {move.old[:12]}.", reason="stale", remedy="Fetch, then push again."
        )


def _one_ref(text: str) -> Refused:
    return Refused(text, reason="one_ref", remedy=f"Push HEAD:{run.REF} alone.", status=403)


def _unpack(git: Git, pack: IO[bytes], quota: Quota) -> None:
    """Counts before git does: the header says how many objects follow, and git holds a line of memory for each.

    Then git checks every object's form and every link, and completes a thin pack from the run's own objects.
    """
    start, head = pack.tell(), pack.read(12)
    pack.seek(start)
    bounded("objects", int.from_bytes(head[8:]), quota.objects)
    done = git.run("index-pack", "--stdin", "--fix-thin", "--strict", f"--max-input-size={quota.sent}", feed=pack)
    if done.code:
        last = done.err.splitlines()[-1][:300] if done.err else "it broke our bounds of memory or time"
        raise Refused(f"The pack was refused: {last}", reason="broken", status=422)


def _alone(git: Git, objects: Path) -> Git:
    """Sees what was brought and nothing else: the same packs in an object folder that borrows from nobody."""
    only = objects.parent / "only"
    (only / "info").mkdir(parents=True)
    (only / "pack").symlink_to(objects / "pack")
    return Git(git.folder, {"GIT_OBJECT_DIRECTORY": str(only)}, git.bounds)


def _connected(git: Git, new: str) -> None:
    if not git.says("cat-file", "-e", f"{new}^{{commit}}"):
        raise Refused("The branch would not stand on a commit.", reason="broken", status=422)
    done = git.run("rev-list", "--objects", "--quiet", names.sha(new), "--not", "--all", "--")
    if done.code:
        raise Refused("The push leaves out objects that it needs.", reason="broken", status=422)
