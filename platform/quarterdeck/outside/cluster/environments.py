"""The folders of installed packages on this machine, all below one: filled under their place's name, then renamed."""

import contextlib
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.bubblewrap import DROPPED_UID
from quarterdeck.outside.cluster.port import PlaceSpec

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Environments:
    """`root` may not be there yet. A folder that is being removed has a name of its own first: nobody reads half of one."""

    root: Path

    def names(self) -> frozenset[str]:
        with contextlib.suppress(FileNotFoundError):
            return frozenset(folder.name for folder in self.root.iterdir() if NAME.fullmatch(folder.name))
        return frozenset()

    def prepare(self, spec: PlaceSpec) -> None:
        """An empty one to be filled, or the one that the place asks for. Raises TryLater(environment_missing)."""
        if not spec.environment:
            return
        folder = self._folder(spec.environment)
        if spec.environment_writable:
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            if os.geteuid() == 0:
                os.chown(folder, DROPPED_UID, DROPPED_UID)
        elif not folder.is_dir():
            raise TryLater("The project's packages are not there any more.", after=1.0, reason="environment_missing")

    def keep(self, filled: str, name: str) -> None:
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            if not self._folder(name).exists():
                self._folder(filled).rename(self._folder(name))
        self.drop(filled)

    def drop(self, name: str) -> None:
        gone = self.root / f".gone-{uuid.uuid4().hex}"
        with contextlib.suppress(FileNotFoundError):
            self._folder(name).rename(gone)
        for left in self.root.glob(".gone-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise Refused(f"{name!r} cannot name an environment.", reason="bad_name")
        return self.root / name
