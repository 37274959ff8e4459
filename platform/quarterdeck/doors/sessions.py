"""A browser's session, as the live socket needs it: is it still there, and tell every process when it ends."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.dispatch import receiver
from django.http import HttpRequest

from deckwire.tokens import digest
from quarterdeck.record import wakes


def alive(keys: Iterable[str]) -> set[str]:
    return set(
        Session.objects.filter(session_key__in=list(keys), expire_date__gt=Now()).values_list("session_key", flat=True)
    )


@receiver(user_logged_out, dispatch_uid="live sockets close with their session")
def signed_out(sender: Any, request: HttpRequest, **_: Any) -> None:
    """Only the digest travels: a wake may be read by anybody who can read Valkey."""
    key = request.session.session_key
    if key:
        wakes.tell("signed_out", session=digest(key))
