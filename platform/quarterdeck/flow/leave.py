"""An agent says good-bye. Parking is conditional: mail that crossed its way answers "stay"."""

from django.db import transaction

from deckwire.envelope import Bye, Leave
from deckwire.words import AttemptState, Blame, Phase
from quarterdeck.flow import fencing, losses, mailbox
from quarterdeck.record import fences, lifecycle
from quarterdeck.record.models import Attempt
from quarterdeck.record.tokens import Bearer


def bye(bearer: Bearer, said: Bye) -> Leave:
    """Raises Refused(fenced). After `stay` False the attempt is over and its tokens are dead."""
    with transaction.atomic():
        run = lifecycle.hold(bearer.run)
        fences.writing(run.id, bearer.epoch)
        attempt = Attempt.objects.select_for_update().get(id=bearer.id)
        if said.state == AttemptState.PARKED and mailbox.open_for_agent(run.id):
            return Leave(stay=True)
        blame = _blame(said)
        fencing.end(run, attempt, said.state, reason=said.reason or "left", text=said.text, blame=blame, unwanted=False)
        if said.state == AttemptState.PARKED:
            _park(run)
        elif said.state == AttemptState.FAILED:
            losses.send_on(run, said.reason, said.text, blame)
        else:  # what was sealed stays where it is; who sealed nothing has not done its work
            losses.send_on(run, "left_early", "The agent left without having sealed its work.", Blame.AGENT)
    return Leave()


def _blame(said: Bye) -> Blame:
    """A place that cannot be cloned into or has no walls asks a person; any other failure is the agent's own."""
    if said.state != AttemptState.FAILED:
        return Blame.NONE
    return Blame.CONFIGURATION if said.reason in ("configuration", "exposed") else Blame.AGENT


def _park(run: lifecycle.Run) -> None:
    if run.desired == "pause" and run.phase in (Phase.WORKING, Phase.WAITING):
        lifecycle.move(run, Phase.PAUSED, reason="paused", by="rule:doors")
    elif run.phase == Phase.WORKING:
        lifecycle.move(
            run, Phase.QUEUED, reason="parked", by="rule:doors", text="The attempt was asked to leave and parked."
        )
        # Whoever parks again and again without a step must not spin the queue.
        losses.back_off(run, Blame.INFRASTRUCTURE)
