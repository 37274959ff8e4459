"""An older epoch writes nothing. The check shares the transaction that writes, or holds the head row while it happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from quarterdeck.errors import Refused
from quarterdeck.record import ledger, wakes
from quarterdeck.record.models import AgentToken, StreamHead


def writing(run_id: UUID | str, epoch: int) -> StreamHead:
    """The head row, locked for this transaction, if `epoch` is the run's. Raises Refused(fenced), 409."""
    head = ledger.lock(f"run:{run_id}")
    _same(head, epoch)
    return head


@contextmanager
def holding(run_id: UUID | str, epoch: int) -> Iterator[None]:
    """For writes that are not ours to share a transaction with (a ref): holds the row FOR SHARE, milliseconds, no network.

    Raises Refused(fenced) or Refused(frozen), 409.
    """
    with transaction.atomic():
        rows = StreamHead.objects.raw("select * from record_streamhead where stream = %s for share", [f"run:{run_id}"])
        head = next(iter(rows), None)
        if head is None:
            raise Refused("There is no such run.", reason="no_such_run", status=404)
        _same(head, epoch)
        if head.frozen:
            raise Refused("The run's head is sealed: it takes no more commits.", reason="frozen",
                          remedy="Wait for the review's decision.")  # fmt: skip
        yield


def raise_epoch(run_id: UUID | str, to: int) -> StreamHead:
    """Fences every attempt before `to`: tokens die, held connections are told. In the caller's transaction."""
    head = ledger.lock(f"run:{run_id}")
    head.epoch = to
    StreamHead.objects.filter(stream=head.stream).update(epoch=to)
    AgentToken.objects.filter(attempt__run_id=run_id, attempt__epoch__lt=to).update(revoked=True)
    transaction.on_commit(lambda: wakes.tell("fenced", run=str(run_id), epoch=to))
    return head


def freeze(run_id: UUID | str, frozen: bool) -> None:
    """From here on no push moves the run's ref (or again may). In the caller's transaction."""
    ledger.lock(f"run:{run_id}")
    StreamHead.objects.filter(stream=f"run:{run_id}").update(frozen=frozen)


def _same(head: StreamHead, epoch: int) -> None:
    if head.epoch != epoch:
        raise Refused(f"This attempt (epoch {epoch}) was replaced by epoch {head.epoch}.", reason="fenced",
                      remedy="Leave: a newer attempt goes on from the last checkpoint.")  # fmt: skip
