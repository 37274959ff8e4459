"""A diff, and all that one decision about it needs."""

from typing import Literal

from pydantic import Field

from deckwire.views.runs import Proposal, Run
from deckwire.views.view import View


class DiffFile(View):
    """`patch` is a unified git patch of this file alone, header lines included; empty for a binary file."""

    path: str
    old_path: str = ""
    status: Literal["added", "removed", "changed", "renamed"]
    added: int = 0
    removed: int = 0
    badges: list[str] = Field(default_factory=list)
    patch: str = ""


class DiffCommit(View):
    sha: str
    title: str
    at: int


class DiffView(View):
    """From base to head. `truncated` means that files beyond the limit are listed without their patch."""

    base: str
    head: str
    digest: str = ""
    files: list[DiffFile] = Field(default_factory=list)
    commits: list[DiffCommit] = Field(default_factory=list)
    truncated: bool = False


class EvidenceRow(View):
    """`state` good: proof; warn: a person should look; bad: it speaks against merging; unknown: not run (yet)."""

    kind: Literal["f2p", "p2p", "still_failing", "known_red", "beyond_plan", "check", "cost", "time"]
    what: str
    figure: str
    note: str = ""
    state: Literal["good", "warn", "bad", "unknown"] = "unknown"
    items: list[str] = Field(default_factory=list)


class Approval(View):
    """`stands` is false when head, base or digest moved on; `why` then says which."""

    by: str
    at: int
    head: str
    digest: str
    words: str = ""
    stands: bool = True
    why: str = ""


class MergePreview(View):
    """What a merge would do. `base` is the sha of the target branch that this was tried on; `looking`: a worker is looking
    whether the branch has moved on from there, so read it again soon."""

    clean: bool
    conflicts: list[str] = Field(default_factory=list)
    base: str
    text: str = ""
    looking: bool = False


class Landed(View):
    """How it got into the branch. `by`: who approved it."""

    sha: str
    branch: str
    at: int
    by: str = ""


class Review(View):
    """Everything for one decision. `sentence` says what approving will do, with sha and branch in it."""

    run: Run
    proposal: Proposal
    evidence: list[EvidenceRow] = Field(default_factory=list)
    diff: DiffView
    approvals: list[Approval] = Field(default_factory=list)
    merge_preview: MergePreview | None = None
    sentence: str
    may_merge: bool = True
    why_not: str = ""
    landed: Landed | None = None
    """Set once it is merged."""
