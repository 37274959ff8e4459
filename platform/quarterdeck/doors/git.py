"""The git service's two applications: `application` for agents, `internal` for the platform. Made at their first request:
importing this module does nothing, and the record needs Django to be set up."""

import os
from functools import cache
from typing import Any

from quarterdeck.doors.git_door import GitDoor, build
from quarterdeck.doors.git_http import Receive, Send
from quarterdeck.doors.git_internal import Internal
from quarterdeck.outside.repos.outward import Outward
from quarterdeck.outside.repos.store import Store


async def application(scope: Any, receive: Receive, send: Send) -> None:
    """What agents reach."""
    await _door()(scope, receive, send)


async def internal(scope: Any, receive: Receive, send: Send) -> None:
    """What the platform alone reaches: its socket lies outside every sandbox, with mode 0600."""
    await _internal()(scope, receive, send)


@cache
def _store() -> Store:
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
    store = Store(settings.DATA_DIR / "repos", outward=Outward(settings.GIT_PROXY, settings.GIT_CA))
    store.folders.sweep()
    return store


@cache
def _door() -> GitDoor:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
    django.setup()
    from quarterdeck.doors.git_record import find, holding

    return build(_store(), find, holding)


@cache
def _internal() -> Internal:
    return Internal(_store())
