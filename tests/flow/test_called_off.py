"""Checks of what nobody asks about any more give their slots back, and their places go."""

import pytest

from deckwire.check import CheckReport, TreeResult
from deckwire.envelope import Hello
from deckwire.tokens import derive
from deckwire.words import Audience, Phase, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import checks, decide, reconcile, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import tokens
from quarterdeck.record.models import Attempt, Check, Repository, Run
from testkit.hand import Hand, commit

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(run: Run, attempt: Attempt, store: Store) -> checks.CreateCheck:
    """Sealed, and its tests are running."""
    Repository.objects.update(test="make test")
    hand = Hand(attempt)
    hand.hello()
    hand.step()
    hand.seal(commit(store.folders.run(str(run.id)), {"larkfield/new.py": "ANSWER = 42\n"}))
    seal.advance(run.id)
    [order] = [one for one in reconcile.compare([]) if isinstance(one, checks.CreateCheck)]
    checks.created(order.check, place_of(order))
    return order


def place_of(order: checks.CreateCheck) -> PlaceSeen:
    return PlaceSeen(order.spec.name, "uid-1", "check", order.spec.run, 0, PlaceState.RUNNING)


def say(run: Run, alice: Actor, verb: Verb) -> None:
    assert decide.decide(alice, "k", verb, runs=[run.id], words="Do it otherwise.").lines[0].fate == "applied"


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.REDIRECT])
def test_the_check_is_called_off_and_its_place_is_deleted(
    run: Run, checked: checks.CreateCheck, alice_acts: Actor, verb: Verb
) -> None:
    told = checks.hello(Hello(secret=checked.spec.secret, nonce="n"))
    bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    assert bearer is not None
    if verb == Verb.REDIRECT:
        Run.objects.filter(id=run.id).update(phase=Phase.REVIEW)
    say(run, alice_acts, verb)
    check = Check.objects.get(id=checked.check)
    assert (check.state, check.note.split(":")[0]) == ("broken", "called off")
    deletes = [one for one in reconcile.compare([place_of(checked)]) if isinstance(one, reconcile.Delete)]
    assert reconcile.Delete(checked.spec.name, "uid-1", 0) in deletes
    with pytest.raises(Refused, match="replaced or ended"):
        tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    late = {name: TreeResult(exit_code=0, seconds=1.0) for name in check.order["trees"]}
    checks.report(bearer, CheckReport(trees=late))
    assert Check.objects.get(id=check.id).report is None, "what comes late changes nothing"
