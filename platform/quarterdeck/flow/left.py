"""A run whose ticket was taken away under it was paused; a person says whether it goes on."""

from typing import TYPE_CHECKING

from django.db.models.functions import Now

from deckwire.words import Fate
from quarterdeck.errors import Refused
from quarterdeck.flow import answers, mailbox, steer, stop
from quarterdeck.record.models import OPEN_REQUEST, Command, Decision, Request, RequestState, Run

if TYPE_CHECKING:
    from quarterdeck.flow.decide import Said


def answer(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    """The platform's own question about the ticket; any other is no question of ours."""
    if request is None or not request.key.startswith("ticket:"):
        return answers.nothing_asked(run, decision, said, request)
    if said.choice == "stop":
        return stop.stop(run, decision)
    if said.choice != "go_on":
        raise Refused("Choose whether the run goes on or stops.", reason="malformed", status=422)
    if run.phase == "paused" or run.desired == "pause":
        return resume(run, decision)
    settle(run, decision)
    return mailbox.put(run, decision, fate=Fate.APPLIED, for_agent=False, why="it goes on")


def resume(run: Run, decision: Decision) -> Command:
    """Whoever lets it go on has answered."""
    command = steer.resume(run, decision)
    settle(run, decision)
    return command


def settle(run: Run, decision: Decision) -> None:
    Request.objects.filter(run=run, key__startswith="ticket:", state__in=OPEN_REQUEST).update(
        state=RequestState.DECIDED, decision=decision, closed_at=Now()
    )
