"""What the re-run says of a head: fixed, kept, broken, newly red, and red as it was before."""

import pytest

from deckwire.check import CheckReport, TestCase, TreeResult
from quarterdeck.flow import evidence
from quarterdeck.record.models import Proposal
from quarterdeck.record.views import proposals


def tree(exit_code: int, **cases: str) -> TreeResult:
    return TreeResult(exit_code=exit_code, seconds=1.0, cases=[TestCase(name=k, outcome=v) for k, v in cases.items()])


BASE = tree(0, kept="passed", mended="failed", known="failed", lost="passed")
AFTER = tree(1, kept="passed", mended="passed", known="failed", lost="failed", new="failed")


@pytest.fixture
def found() -> dict[str, object]:
    return evidence._compare(CheckReport(trees={"base": BASE, "after": AFTER}), BASE)


def test_what_was_red_before_is_not_laid_on_the_change(found: dict[str, object]) -> None:
    assert (found["f2p"], found["p2p"], found["broken"]) == (["mended"], 1, ["lost"])
    assert found["known_red"] == ["known"]
    assert found["still_failing"] == ["lost", "new"]


def test_the_review_says_each_in_a_row_of_its_own(found: dict[str, object]) -> None:
    proposal = Proposal(head="2" * 40, base="1" * 40, branch="main", stats={}, evidence=found)
    rows = {one.kind: one for one in [*proposals._still_failing(proposal), *proposals._known_red(proposal)]}
    assert (rows["still_failing"].figure, rows["still_failing"].state) == ("2", "warn")
    assert (rows["known_red"].items, rows["known_red"].state) == (["known"], "unknown")
    assert "red on 1111111 too" in rows["known_red"].note
