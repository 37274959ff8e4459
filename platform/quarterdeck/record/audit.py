"""Who did what: one plain row in the same transaction as the deed, failed tries in one of their own."""

from typing import Any
from uuid import UUID

from quarterdeck.record.models import Audit


def write(actor: str, verb: str, object: str, /, *, project: UUID | None = None, **body: Any) -> None:
    Audit.objects.create(actor=actor[:120], verb=verb[:60], object=object[:120], project=project, body=body)
