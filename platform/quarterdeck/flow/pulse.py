"""An agent's sign of life. Leases run on database time; a session is renewed long before it ends."""

from django.db.models import Max
from django.db.models.functions import Now

from deckwire.envelope import Heartbeat, Pulse
from quarterdeck.errors import Refused
from quarterdeck.flow import mailbox, watching
from quarterdeck.flow.welcome import spent
from quarterdeck.record import tokens, wakes
from quarterdeck.record.models import Attempt, Command, StreamHead
from quarterdeck.record.tokens import Bearer


def heartbeat(bearer: Bearer, said: Heartbeat) -> Pulse:
    """Raises Refused(fenced)."""
    head = StreamHead.objects.filter(stream=f"run:{bearer.run}").first()
    if head is None or head.epoch != bearer.epoch:
        raise Refused("This attempt was replaced.", reason="fenced")
    Attempt.objects.filter(id=bearer.id).update(sign_at=Now(), doing=said.doing[:300], step=said.step, used=True)
    wakes.tell("card", run=str(bearer.run))
    attempt = Attempt.objects.select_related("run").get(id=bearer.id)
    session = tokens.rotate(attempt) if tokens.due_for_renewal(attempt) else ""
    mail = Command.objects.filter(run_id=bearer.run, for_agent=True, fate__in=mailbox.WAITING).aggregate(n=Max("n"))[
        "n"
    ]
    left = attempt.run.cap_micro - spent(attempt.run)
    return Pulse(session=session, mail=mail or 0, watched=watching.is_watched(str(bearer.run)), micro_left=left)
