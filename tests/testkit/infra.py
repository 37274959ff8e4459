"""The scripts of infra/, called as a person calls them; and the reasons for which this machine cannot run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
CLUSTER, IMAGES = TOP / "infra" / "cluster", TOP / "infra" / "images"
CACHE = Path(
    os.environ.get("QUARTERDECK_CLUSTER_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quarterdeck"
)
MADE, PROGRAMS = CACHE / "images", CACHE / "kubernetes"
COLD_S = 1500
"""A first build on a slow machine."""


def why_not(*, root: bool) -> str:
    """Why nothing of this can be tried here; "" when it can."""
    if sys.platform != "linux":
        return "a cluster of our own needs Linux"
    if root and os.geteuid() != 0:
        return "real pods and images need root"
    if not (PROGRAMS / ".stamp").exists() and shutil.which("go") is None:
        return "Kubernetes is built from source, and there is no Go here"
    return ""


def script(path: Path, *words: str, **more: str) -> str:
    """What it said; a failure is raised with the end of it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "PYTHONPATH")}
    done = subprocess.run(
        [path, *words], env=environment | more, capture_output=True, text=True, timeout=COLD_S, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{path.name} {' '.join(words)}:\n{(done.stdout + done.stderr)[-3000:]}"
    return done.stdout + done.stderr


def image(name: str) -> str:
    """Make it when its sources changed; its digest."""
    script(IMAGES / "build.sh", name)
    return (MADE / f"{name}.digest").read_text().strip()
