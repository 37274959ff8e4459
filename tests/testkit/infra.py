"""The scripts of infra/, called as a person calls them; and the reasons for which this machine cannot run them."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[2]
CLUSTER, IMAGES = TOP / "infra" / "cluster", TOP / "infra" / "images"
CACHE = Path(
    os.environ.get("QUARTERDECK_CLUSTER_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quarterdeck"
)
MADE, PROGRAMS = CACHE / "images", CACHE / "kubernetes"
TAG = os.environ.get("QUARTERDECK_TEST_IMAGES", "dev")
"""Which images an installation takes: `dev`, those of build.sh, or `dockerfile`, those of the Dockerfiles."""
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


def why_not_dockerfiles() -> str:
    """Why the Dockerfiles cannot be built here; "" when they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "base images are made by root on Linux"
    missing = [name for name in ("buildah", "mmdebstrap") if shutil.which(name) is None]
    return f"{' and '.join(missing)} is missing (Debian's name)" if missing else ""


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


@cache
def dockerfile(name: str) -> Path:
    """Build it as its Dockerfile says; the folder of its files."""
    script(IMAGES / "dockerfiles.sh", name)
    return MADE / f"{name}-dockerfile"


def config(archive: Path) -> dict[str, Any]:
    """How the image of an OCI archive is started."""
    with tarfile.open(archive) as whole:

        def blob(path: str) -> dict[str, Any]:
            file = whole.extractfile(path)
            assert file is not None
            return json.load(file)

        def named(digest: str) -> dict[str, Any]:
            return blob(f"blobs/{digest.replace(':', '/')}")

        manifest = named(blob("index.json")["manifests"][0]["digest"])
        return dict(named(manifest["config"]["digest"])["config"])
