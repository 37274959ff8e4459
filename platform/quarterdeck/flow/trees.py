"""Which trees a check runs, so that "fails before, passes now" and "still passes" are read off, not claimed.

    before   base's code with head's tests      what head's new tests say of the old code
    after    head, whole
    base     base, whole                        (kept from an earlier check of the same base)
    kept     head's code with base's tests      did head bend the tests that passed?
Where head changes no test, before = base and kept = after, and each is run once.
"""

import hashlib
from typing import Any

from deckwire.check import CheckTree
from quarterdeck.flow import pokes
from quarterdeck.outside.repos.port import Diff
from quarterdeck.record.models import BaseResult, Check, Proposal, Run, RunRepository

TEST_BADGES = {"test", "protected"}
SECONDS = 300


def base_key(row: RunRepository) -> str:
    """Base results are kept by (commit, commands, environment)."""
    one = row.repository
    text = "\0".join([str(one.project_id), row.base, one.setup, one.test, one.report, row.environment])
    return hashlib.sha256(text.encode()).hexdigest()


def order_tests(run: Run, proposal: Proposal, row: RunRepository, diff: Diff) -> None:
    """Queues the check of a proposal; without a test command there is none, and the evidence says so."""
    one = row.repository
    if not one.test:
        pokes.poke("seals")
        return
    tests = [file.path for file in diff.files if TEST_BADGES & set(file.badges)]
    Check.objects.create(run=run, proposal=proposal, name="tests", order=_order(row, _trees(row, proposal, tests)))
    pokes.poke("places")


def _trees(row: RunRepository, proposal: Proposal, tests: list[str]) -> dict[str, CheckTree]:
    trees = {"after": CheckTree(code=proposal.head)}
    if not BaseResult.objects.filter(key=base_key(row)).exists():
        trees["base"] = CheckTree(code=proposal.base)
    if tests:
        trees["before"] = CheckTree(code=proposal.base, overlay=proposal.head, overlay_paths=tests)
        trees["kept"] = CheckTree(code=proposal.head, overlay=proposal.base, overlay_paths=tests)
    return trees


def order_merged(run: Run, proposal: Proposal, row: RunRepository) -> None:
    """The base moved: the tree that the merge will make is run before the branch moves."""
    if not Check.objects.filter(proposal=proposal, name=merged_name(proposal)).exists():
        order = _order(row, {"merged": CheckTree(code=proposal.merge_new)})
        Check.objects.create(run=run, proposal=proposal, name=merged_name(proposal), order=order)
        pokes.poke("places")


def merged_name(proposal: Proposal) -> str:
    """One check for each tree that a merge would make."""
    return f"merge {proposal.merge_new[:12]}"


def _order(row: RunRepository, trees: dict[str, CheckTree]) -> dict[str, Any]:
    one = row.repository
    return {
        "git_path": f"/run/{row.run_id}.git", "setup": one.setup, "test": one.test, "report": one.report, "seconds": SECONDS,
        "trees": {name: tree.model_dump(mode="json") for name, tree in trees.items()},
    }  # fmt: skip
