"""Atlassian's own schema of its document format, from its own package: installed beside the tests on first use."""

import fcntl
import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

FOLDER = Path(__file__).parents[1] / "outside" / "tracker" / "schema"
SCHEMA = FOLDER / "node_modules/@atlaskit/adf-schema/dist/json-schema/v1/full.json"


@functools.cache
def validator() -> Draft4Validator:
    if not SCHEMA.exists():
        _install()
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def wrong(document: Any) -> str:
    """What the schema says against it; empty: nothing."""
    error = next(validator().iter_errors(document), None)
    return f"{error.message[:300]} in {json.dumps(document)[:2000]}" if error else ""


def _install() -> None:
    npm = shutil.which("npm", path=f"{Path(__file__).parents[2] / '.venv' / 'bin'}:{os.environ['PATH']}")
    if npm is None:
        if os.environ.get("CI") == "true":
            pytest.fail("npm is needed for the schema of Atlassian's documents.")
        pytest.skip("npm is not there: it brings the schema of Atlassian's documents")
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not SCHEMA.exists():
            path = f"{Path(npm).parent}:{os.environ['PATH']}"
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=300,
                           env={**os.environ, "PATH": path}, capture_output=True)  # fmt: skip
