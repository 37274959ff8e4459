"""Every error of the API has one body: a reason for machines, a sentence and a remedy for people."""

import logging
from typing import Any

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from psycopg.errors import DiskFull

from deckwire import views
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.record import audit

log = logging.getLogger(__name__)
SAFE = {"GET", "HEAD", "OPTIONS"}


def answer(status: int, reason: str, text: str, remedy: str = "") -> HttpResponse:
    body = views.Refused(reason=reason, text=text, remedy=remedy).model_dump_json()
    return HttpResponse(body, status=status, content_type="application/json")


def install(api: NinjaAPI) -> None:
    handlers: dict[type[Exception], Any] = {
        Refused: refused, TryLater: try_later, GaveUp: gave_up, ValidationError: malformed, HttpError: http_error,
        Http404: not_found, OperationalError: no_record, Exception: broken,
    }  # fmt: skip
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def refused(request: HttpRequest, said: Refused) -> HttpResponse:
    _write_down(request, said.reason)
    return answer(said.status, said.reason, said.text, said.remedy)


def try_later(request: HttpRequest, said: TryLater) -> HttpResponse:
    response = answer(503, said.reason, said.text, f"Try again in {said.after:.0f} s.")
    response.headers["Retry-After"] = str(max(1, round(said.after)))
    return response


def gave_up(request: HttpRequest, said: GaveUp) -> HttpResponse:
    return answer(502, said.reason, said.text, said.remedy)


def malformed(request: HttpRequest, said: ValidationError) -> HttpResponse:
    """Names the field and what is wrong with it; never repeats what was sent."""
    first = said.errors[0] if said.errors else {}
    place = ".".join(str(part) for part in first.get("loc", [])[1:] if part != "body") or "the request"
    return answer(422, "malformed", f"{place}: {first.get('msg', 'cannot be read')}.")


def http_error(request: HttpRequest, said: HttpError) -> HttpResponse:
    return answer(said.status_code, "malformed", str(said))


def not_found(request: HttpRequest, said: Http404) -> HttpResponse:
    return answer(404, "not_found", "There is nothing here by that name.")


def no_record(request: HttpRequest, said: OperationalError) -> HttpResponse:
    """PostgreSQL is away, or has no room left for what is written. Nothing of the request was stored."""
    log.warning("api: %s %s: the database refused: %s", request.method, request.path, str(said)[:200])
    if isinstance(said.__cause__, DiskFull):
        remedy = "Free some space on the disk with the data folder, then try again. Nothing is lost meanwhile."
        return answer(503, "disk_full", "The disk is full: nothing new can be stored.", remedy)
    return try_later(request, TryLater("The record cannot be reached just now.", reason="record"))


def broken(request: HttpRequest, said: Exception) -> HttpResponse:
    """The door's last net: what nobody foresaw is logged whole and told without its insides."""
    log.exception("api: %s %s", request.method, request.path, exc_info=said)
    return answer(500, "broken", "The platform made a mistake; it is in the log.", "Try again; nothing was half done.")


def _write_down(request: HttpRequest, reason: str) -> None:
    """A refused try to change something belongs to the audit, if we know whose it was."""
    caller = getattr(request, "auth", None)
    person = getattr(caller, "person", None) or getattr(request, "user", None)
    if request.method in SAFE or person is None or not person.is_authenticated:
        return
    audit.write(f"person:{person.id}", "refused", f"{request.method} {request.path}"[:120], reason=reason)
