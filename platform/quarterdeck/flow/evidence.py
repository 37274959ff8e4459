"""What the platform itself re-ran says of a proposal. We say "re-run", never "proved": code under test can lie in-process."""

from fnmatch import fnmatch
from typing import Any, TypedDict

from django.db.models import Sum

from deckwire.check import CheckReport, TreeResult
from quarterdeck.flow import trees
from quarterdeck.record.models import BaseResult, Check, ModelCall, Proposal, Run, RunRepository

GOOD = {"passed"}


class Found(TypedDict):
    """f2p, still_failing, known_red, broken: test names. p2p: a count. Money in micro-units, time in seconds.

    `verdict`: passed, failed, broken (the check could not be run), none (the project names no test command).
    """

    verdict: str
    f2p: list[str]
    p2p: int
    still_failing: list[str]
    known_red: list[str]
    broken: list[str]
    beyond_plan: list[str]
    cost_micro: int
    seconds: int
    note: str
    exit_code: int | None


def gather(run: Run, proposal: Proposal, check: Check | None) -> Found:
    """Reads the check's report, outside of the place that made it."""
    found = Found(
        verdict="none", f2p=[], p2p=0, still_failing=[], known_red=[], broken=[], beyond_plan=beyond_plan(run, proposal),
        cost_micro=ModelCall.objects.filter(run=run).aggregate(sum=Sum("settled"))["sum"] or 0,
        seconds=int((proposal.sealed_at - run.created_at).total_seconds()), note="The project names no test command.",
        exit_code=None,
    )  # fmt: skip
    if check is None:
        return found
    if check.report is None:
        return found | {"verdict": "broken", "note": f"The tests could not be re-run: {check.note}"}
    report = CheckReport.tolerant(check.report)
    base = _base_result(proposal, report)
    return found | _compare(report, base)  # type: ignore[return-value]


def _base_result(proposal: Proposal, report: CheckReport) -> TreeResult | None:
    row = RunRepository.objects.select_related("repository").get(run_id=proposal.run_id)
    key = trees.base_key(row)
    if "base" in report.trees:
        result = report.trees["base"]
        BaseResult.objects.get_or_create(key=key, defaults={"result": result.model_dump(mode="json")})
        return result
    known = BaseResult.objects.filter(key=key).first()
    return TreeResult.tolerant(known.result) if known else None


def _compare(report: CheckReport, base: TreeResult | None) -> dict[str, Any]:
    after = report.trees["after"]
    kept = report.trees.get("kept", after)
    before = report.trees.get("before", base)
    was, now, stays = _by_name(before), _by_name(after), _by_name(kept)
    passed_on_base = {name for name, outcome in _by_name(base).items() if outcome in GOOD}
    was_red = {name for name, outcome in _by_name(base).items() if outcome not in GOOD | {"skipped"}}
    red = {name for name, outcome in now.items() if outcome not in GOOD | {"skipped"}}
    good_now = {name for name, outcome in now.items() if outcome in GOOD}
    return {
        "verdict": "passed" if after.exit_code == 0 else "failed",
        "exit_code": after.exit_code,
        # A new test file that cannot be imported on the old code fails whole: what passed there by itself is not "fixed".
        "f2p": sorted(name for name in good_now - passed_on_base if was.get(name, "failed") not in GOOD | {"skipped"}),
        "p2p": len([name for name in passed_on_base if stays.get(name) in GOOD]),
        "broken": sorted(name for name in passed_on_base if stays.get(name, "missing") not in GOOD | {"skipped"}),
        "still_failing": sorted(red - was_red),
        # Red on the base too: no doing of this change.
        "known_red": sorted(red & was_red),
        "note": report.note or ("" if after.cases else "No report: only the command's exit code is known."),
    }


def _by_name(tree: TreeResult | None) -> dict[str, str]:
    return {case.name: case.outcome for case in tree.cases} if tree else {}


def beyond_plan(run: Run, proposal: Proposal) -> list[str]:
    """Files changed that no step of the plan names: exactly, by a folder above, or by a pattern."""
    paths = [path for step in (run.plan or {}).get("steps", []) for path in step.get("paths", [])]
    changed = [file["path"] for file in proposal.stats.get("files", [])]
    return [file for file in changed if paths and not any(_covers(path, file) for path in paths)]


def _covers(planned: str, file: str) -> bool:
    planned = planned.strip().removeprefix("./").rstrip("/")
    return file == planned or file.startswith(f"{planned}/") or fnmatch(file, planned)
