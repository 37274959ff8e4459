"""What an agent is told when it asks for its commands."""

from deckwire.commands import Mail
from deckwire.words import Fate
from quarterdeck.flow import mailbox
from quarterdeck.record.models import Command, StreamHead
from quarterdeck.record.tokens import Bearer


def waiting(bearer: Bearer, after: int) -> Mail:
    """The open commands after `after`, now delivered. Delivery is at least once: the agent drops what it has applied."""
    head = StreamHead.objects.filter(stream=f"run:{bearer.run}").first()
    if head is None or head.epoch != bearer.epoch:
        return Mail(fenced=True)
    rows = mailbox.open_for_agent(bearer.run, after)
    fresh = [row.id for row in rows if row.fate == Fate.PENDING]
    if fresh:
        Command.objects.filter(id__in=fresh, fate=Fate.PENDING).update(
            fate=Fate.DELIVERED, delivered_epoch=bearer.epoch, why="the agent has it"
        )
    return Mail(commands=[mailbox.wire(row) for row in rows])
