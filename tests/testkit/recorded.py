"""What Jira really sent, recorded by others: it lies beside the project, is read where it lies, and is no part of it."""

import os
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def jira() -> Path:
    """The folder named by QUARTERDECK_TEST_DATA, or ../shared/data. Without it: skipped, and in CI a failure."""
    folder = Path(os.environ.get("QUARTERDECK_TEST_DATA") or TOP.parent / "shared" / "data") / "jira"
    if folder.is_dir():
        return folder
    why = "Jira's recorded answers are not there: name their folder in QUARTERDECK_TEST_DATA"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def names(pattern: str) -> list[str]:
    """For parametrizing: the files by their paths, or one name that leads to the reason above."""
    folder = Path(os.environ.get("QUARTERDECK_TEST_DATA") or TOP.parent / "shared" / "data") / "jira"
    return sorted(str(one.relative_to(folder)) for one in folder.glob(pattern)) or ["not there"]


def there() -> bool:
    """For tests that need more than the recordings: without them they check less. In CI they must be there."""
    folder = Path(os.environ.get("QUARTERDECK_TEST_DATA") or TOP.parent / "shared" / "data") / "jira"
    return folder.is_dir() or os.environ.get("CI") == "true"
