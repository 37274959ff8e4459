"""The git door's two questions to the record, each giving its database connection back: threads here live long."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections

from deckwire.words import Audience
from quarterdeck.record import fences, tokens


def find(token: str, audience: Audience) -> tokens.Bearer | None:
    """Raises Refused(fenced) for a token of an attempt that was replaced."""
    try:
        return tokens.find(token, audience)
    finally:
        connections.close_all()


@contextmanager
def holding(run: UUID, epoch: int) -> Iterator[None]:
    try:
        with fences.holding(run, epoch):
            yield
    finally:
        connections.close_all()
