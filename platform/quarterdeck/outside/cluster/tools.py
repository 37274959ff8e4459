"""Finds the programs that build a sandbox on this machine."""

import os
import shutil

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.bubblewrap import Tools


def find_tools() -> Tools:
    bwrap, setpriv = shutil.which("bwrap"), shutil.which("setpriv")
    if bwrap is None:
        raise GaveUp("This machine has no bubblewrap.", reason="no_sandbox", remedy="Install the package bubblewrap.")
    if os.geteuid() == 0 and setpriv is None:
        raise GaveUp("This machine has no setpriv.", reason="no_sandbox", remedy="Install the package util-linux.")
    return Tools(bwrap, setpriv or "")
