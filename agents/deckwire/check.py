"""A Check's messages: what the platform asks a fresh place to run, and the report that comes back."""

from pydantic import Field

from deckwire.base import Message


class CheckOrder(Message):
    """Answer to a check's hello. `trees` maps a name to the commits that make it: code from one, tests from another.

    Each is run in a fresh checkout: `code`'s tree, with the paths in `overlay_paths` taken from `overlay` instead.
    """

    run: str
    check: str
    session: str
    git_path: str
    setup: str
    test: str
    report: str
    seconds: int
    trees: dict[str, "CheckTree"]


class InstallOrder(Message):
    """Answer to the hello of a check that installs packages: `install` is run once over the one tree in `trees`, named
    "installed", and fills /environment. Nothing of a ticket is in it."""

    run: str
    check: str
    session: str
    git_path: str
    install: str
    seconds: int
    trees: dict[str, "CheckTree"]


class CheckTree(Message):
    code: str
    overlay: str = ""
    overlay_paths: list[str] = Field(default_factory=list)


class TestCase(Message):
    __test__ = False  # not a pytest class, for all its name

    name: str
    outcome: str
    """passed, failed, skipped or error."""


class TreeResult(Message):
    """`exit_code` None: killed by the time limit. `cases` empty where the project names no report."""

    exit_code: int | None
    seconds: float
    output: str = ""
    cases: list[TestCase] = Field(default_factory=list)


class CheckReport(Message):
    trees: dict[str, TreeResult]
    note: str = ""


CheckOrder.model_rebuild()
InstallOrder.model_rebuild()
