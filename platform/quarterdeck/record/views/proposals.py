"""A sealed head: its figures, and the evidence in rows that a person reads before the code.

`Proposal.stats`    {commits, files, added, removed, beyond_plan: [path], badges: {path: [badge]}}
`Proposal.evidence` {f2p: [test], p2p: [test] | count, broken: [test], still_failing: [test], note}; None until re-run
`Proposal.pull`     {number, url, state}; empty where there is none
"""

from typing import Any

from deckwire import views
from deckwire.words import Risk

from quarterdeck.record.models import Check, Proposal

NAMES_KEPT = 200


def proposal(row: Proposal, risk: Risk = Risk.LOW) -> views.Proposal:
    """`row.checks` should be prefetched."""
    stats, evidence, pull = row.stats, row.evidence, row.pull
    return views.Proposal(
        id=str(row.id), head=row.head, base=row.branch, base_sha=row.base, digest=row.digest, summary=row.summary,
        pull=f"#{pull['number']}" if pull.get("number") else "", pull_url=pull.get("url", ""),
        commits=stats.get("commits", 0), files=stats.get("files", 0), added=stats.get("added", 0),
        removed=stats.get("removed", 0), fail_to_pass=_count(evidence, "f2p"), pass_to_pass=_count(evidence, "p2p"),
        broken=_count(evidence, "broken"), still_failing=_count(evidence, "still_failing"),
        beyond_plan=stats.get("beyond_plan", []), checks=[check(one) for one in row.checks.all()],
    )  # fmt: skip


def check(row: Check) -> views.Check:
    return views.Check(name=row.name, state=row.state, note=row.note)


def evidence(row: Proposal, *, spent: str, cap: str, time: str) -> list[views.EvidenceRow]:
    """Proof first, then checks, then what it cost. "Re-run" by the platform, never "proved"."""
    checks = list(row.checks.all())
    return [
        _fixed(row), _kept(row), *_still_failing(row), _beyond(row), *[_checked(one) for one in checks],
        views.EvidenceRow(kind="cost", what="Cost", figure=spent, note=f"of {cap}", state="good"),
        views.EvidenceRow(kind="time", what="Time", figure=time, note="from assignment to the sealed head", state="good"),
    ]  # fmt: skip


def _fixed(row: Proposal) -> views.EvidenceRow:
    names = _names(row.evidence, "f2p")
    count = _count(row.evidence, "f2p")
    if count is None:
        return views.EvidenceRow(kind="f2p", what="Failed before, pass now", figure="not run yet")
    note = (
        f"re-run by the platform on {row.base[:7]} and {row.head[:7]}"
        if count
        else "no test shows that the change was needed"
    )
    state = "good" if count else "warn"
    return views.EvidenceRow(
        kind="f2p", what="Failed before, pass now", figure=str(count), note=note, state=state, items=names
    )


def _kept(row: Proposal) -> views.EvidenceRow:
    count, broken = _count(row.evidence, "p2p"), _count(row.evidence, "broken") or 0
    if count is None:
        return views.EvidenceRow(kind="p2p", what="Passed before, still pass", figure="not run yet")
    note = f"{broken} passed before and fail now" if broken else "none that passed before fails now"
    return views.EvidenceRow(
        kind="p2p", what="Passed before, still pass", figure=f"{count} of {count + broken}", note=note,
        state="bad" if broken else "good" if count else "warn", items=_names(row.evidence, "broken"),
    )  # fmt: skip


def _still_failing(row: Proposal) -> list[views.EvidenceRow]:
    names = _names(row.evidence, "still_failing")
    if not names:
        return []
    return [
        views.EvidenceRow(
            kind="still_failing", what="Failed before, fail still", figure=str(len(names)),
            note="failing on the base too", state="warn", items=names,
        )
    ]  # fmt: skip


def _beyond(row: Proposal) -> views.EvidenceRow:
    paths = row.stats.get("beyond_plan", [])
    files = row.stats.get("files", 0)
    note = "the plan did not name them" if paths else f"all {files} changed files are in the plan" if files else ""
    return views.EvidenceRow(
        kind="beyond_plan", what="Beyond the plan", figure=str(len(paths)), note=note,
        state="warn" if paths else "good", items=list(paths)[:NAMES_KEPT],
    )  # fmt: skip


def _checked(row: Check) -> views.EvidenceRow:
    state = {"passed": "good", "failed": "bad", "broken": "warn"}.get(row.state, "unknown")
    return views.EvidenceRow(kind="check", what=row.name, figure=row.state, note=row.note, state=state)


def _count(evidence: dict[str, Any] | None, name: str) -> int | None:
    if evidence is None or name not in evidence:
        return None
    value = evidence[name]
    return value if isinstance(value, int) else len(value)


def _names(evidence: dict[str, Any] | None, name: str) -> list[str]:
    value = (evidence or {}).get(name)
    return [str(one) for one in value][:NAMES_KEPT] if isinstance(value, list) else []
