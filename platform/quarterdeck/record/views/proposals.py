"""A sealed head: its figures, and the evidence in rows that a person reads before the code.

`Proposal.stats`    {commits, added, removed, files: [{path, added, removed, badges}]}
`Proposal.evidence` {verdict, f2p: [test], p2p: count, broken: [test], still_failing: [test], known_red: [test],
                    beyond_plan: [path], note};
                    None until re-run, and without figures where the verdict is none or broken
`Proposal.pull`     {number, url, state}; empty where there is none
"""

from typing import Any

from deckwire import views
from deckwire.words import Risk
from quarterdeck.record.models import Check, Proposal

NAMES_KEPT = 200
UNKNOWN = {"none", "broken"}
"""Verdicts of a check that could not say anything."""
FLAGS = {
    "protected": ("Protected path", Risk.HIGH), "ci": ("CI configuration", Risk.HIGH), "bidi": ("Bidirectional text", Risk.HIGH),
    "invisible": ("Invisible characters", Risk.HIGH), "symlink": ("Symbolic link", Risk.HIGH),
    "submodule": ("Submodule", Risk.HIGH), "mode": ("Mode change", Risk.MEDIUM), "lockfile": ("Lock file", Risk.MEDIUM),
    "migration": ("Migration", Risk.MEDIUM), "binary": ("Binary file", Risk.MEDIUM), "minified": ("Minified", Risk.MEDIUM),
}  # fmt: skip


def proposal(row: Proposal) -> views.Proposal:
    """`row.checks` should be prefetched."""
    stats, evidence, pull = row.stats, row.evidence, row.pull or {}
    return views.Proposal(
        id=str(row.id), head=row.head, base=row.branch, base_sha=row.base, digest=row.digest, summary=row.summary,
        pull=f"#{pull['number']}" if pull.get("number") else "", pull_url=pull.get("url", ""),
        commits=stats.get("commits", 0), files=len(stats.get("files", [])), added=stats.get("added", 0),
        removed=stats.get("removed", 0), fail_to_pass=_count(evidence, "f2p"), pass_to_pass=_count(evidence, "p2p"),
        broken=_count(evidence, "broken"), still_failing=_count(evidence, "still_failing"),
        known_red=_count(evidence, "known_red"),
        beyond_plan=_names(evidence, "beyond_plan"), merge_sha=row.merge_new, checks=[check(one) for one in row.checks.all()],
    )  # fmt: skip


def flags(row: Proposal) -> list[views.RiskFlag]:
    """What about the changed files a person should look at, each once, with the files that have it."""
    paths: dict[str, list[str]] = {}
    for file in row.stats.get("files", []):
        for badge in file.get("badges", []):
            paths.setdefault(badge, []).append(file["path"])
    return [
        views.RiskFlag(label=FLAGS[badge][0], why=", ".join(paths[badge][:5]), level=FLAGS[badge][1])
        for badge in FLAGS
        if badge in paths
    ]


def check(row: Check) -> views.Check:
    return views.Check(name=row.name, state=row.state, note=row.note)


def evidence(row: Proposal, *, spent: str, cap: str, time: str) -> list[views.EvidenceRow]:
    """Proof first, then checks, then what it cost: a figure, no proof. "Re-run" by the platform, never "proved"."""
    checks = list(row.checks.all())
    return [
        _fixed(row), _kept(row), *_still_failing(row), *_known_red(row), _beyond(row), *[_checked(one) for one in checks],
        views.EvidenceRow(kind="cost", what="Cost", figure=spent, note=f"of {cap}", state="unknown"),
        views.EvidenceRow(kind="time", what="Time", figure=time, note="from assignment to the sealed head", state="unknown"),
    ]  # fmt: skip


def span(seconds: int) -> str:
    """How long something took, in the words of a fact."""
    minutes = seconds // 60
    if minutes < 2:
        return f"{seconds} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def _fixed(row: Proposal) -> views.EvidenceRow:
    names = _names(row.evidence, "f2p")
    count = _count(row.evidence, "f2p")
    if count is None:
        return views.EvidenceRow(kind="f2p", what="Failed before, pass now", figure=_not_run(row))
    note = f"red on {row.base[:7]}, green on {row.head[:7]}" if count else "no test shows that the change was needed"
    state = "good" if count else "warn"
    return views.EvidenceRow(
        kind="f2p", what="Failed before, pass now", figure=str(count), note=note, state=state, items=names
    )


def _kept(row: Proposal) -> views.EvidenceRow:
    count, broken = _count(row.evidence, "p2p"), _count(row.evidence, "broken") or 0
    if count is None:
        return views.EvidenceRow(
            kind="p2p",
            what="Passed before, still pass",
            figure=_not_run(row),
            note=str((row.evidence or {}).get("note", "")),
        )
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
            kind="still_failing", what="Fail with the change", figure=str(len(names)),
            note="they did not fail before", state="warn", items=names,
        )
    ]  # fmt: skip


def _known_red(row: Proposal) -> list[views.EvidenceRow]:
    names = _names(row.evidence, "known_red")
    if not names:
        return []
    return [
        views.EvidenceRow(
            kind="known_red", what="Failed before, fail now", figure=str(len(names)),
            note=f"red on {row.base[:7]} too: no doing of this change", state="unknown", items=names,
        )
    ]  # fmt: skip


def _beyond(row: Proposal) -> views.EvidenceRow:
    paths = _names(row.evidence, "beyond_plan")
    files = len(row.stats.get("files", []))
    note = "the plan did not name them" if paths else f"all {files} changed files are in the plan" if files else ""
    return views.EvidenceRow(
        kind="beyond_plan", what="Beyond the plan", figure=str(len(paths)), note=note,
        state="warn" if paths else "good", items=paths,
    )  # fmt: skip


def _checked(row: Check) -> views.EvidenceRow:
    state = {"passed": "good", "failed": "bad", "broken": "warn"}.get(row.state, "unknown")
    return views.EvidenceRow(kind="check", what=row.name, figure=row.state, note=row.note, state=state)


def _count(evidence: dict[str, Any] | None, name: str) -> int | None:
    if evidence is None or name not in evidence or evidence.get("verdict") in UNKNOWN:
        return None
    value = evidence[name]
    return value if isinstance(value, int) else len(value)


def _not_run(row: Proposal) -> str:
    return {"none": "no tests", "broken": "could not run"}.get((row.evidence or {}).get("verdict", ""), "not run yet")


def _names(evidence: dict[str, Any] | None, name: str) -> list[str]:
    value = (evidence or {}).get(name)
    return [str(one) for one in value][:NAMES_KEPT] if isinstance(value, list) else []
