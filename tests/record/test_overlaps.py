"""Two open runs that touch the same file are told on both cards, and no longer than it is so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deckwire.events import Edited
from deckwire.words import Phase
from quarterdeck.record import ledger, overlaps
from quarterdeck.record.ledger import Line
from quarterdeck.record.models import Project, Proposal, Repository, Run, RunRepository
from quarterdeck.record.views.cards import cards
from testkit import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return rows.project()


def working(project: Project, *paths: str) -> Run:
    run = rows.move(rows.run(rows.ticket(project)), Phase.STARTING)
    repository = project.repositories.first() or Repository.objects.create(project=project, url="/tmp/a.git")
    RunRepository.objects.get_or_create(run=run, defaults={"repository": repository})
    ledger.append(run.stream, [Line(Edited(path=path), "agent:1", epoch=1) for path in paths])
    return run


def told(run: Run) -> list[str]:
    [card], _ = cards([run.id])
    return card.overlaps


def test_both_cards_name_the_other_and_lose_it_when_it_ends(project: Project) -> None:
    one, two, third = working(project, "a.py", "b.py"), working(project, "b.py"), working(project, "c.py")
    assert overlaps.sweep() == 2
    assert (told(one), told(two), told(third)) == ([two.ticket.key], [one.ticket.key], [])
    rows.move(two, Phase.CANCELLED)
    assert overlaps.sweep() == 2
    assert (told(one), told(two)) == ([], [])


def test_what_a_sealed_head_changes_counts_too_and_another_repository_does_not(project: Project) -> None:
    one, other = working(project, "a.py"), working(rows.project("WREN"), "a.py")
    sealed = working(project)
    Proposal.objects.create(
        run=sealed, head="1" * 40, base="2" * 40, branch="main", digest="d", stats={"files": [{"path": "a.py"}]}
    )
    overlaps.sweep()
    assert (told(one), told(sealed), told(other)) == ([sealed.ticket.key], [one.ticket.key], [])


def test_a_sweep_that_finds_nothing_new_is_one_query(project: Project) -> None:
    for _ in range(4):
        working(project, "a.py")
    assert overlaps.sweep() == 4
    with CaptureQueriesContext(connection) as queries:
        assert overlaps.sweep() == 0
    assert len(queries) == 1
