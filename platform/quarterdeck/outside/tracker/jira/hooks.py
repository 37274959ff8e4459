"""What Jira delivers: is it from Jira, was it here before, and what does it mean. The raw bytes are judged before parsing."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import models, reading
from quarterdeck.outside.tracker.shapes import Heard

MOST_BYTES = 25_000_000
LEEWAY = 60.0
EVENTS = {
    "jira:issue_created": "created", "jira:issue_updated": "updated", "jira:issue_deleted": "deleted",
    "comment_created": "commented", "comment_updated": "comment_edited", "comment_deleted": "comment_deleted",
    "issuelink_created": "linked", "issuelink_deleted": "linked", "worklog_created": "worked", "worklog_updated": "worked",
    "worklog_deleted": "worked", "jira:worklog_updated": "worked",
}  # fmt: skip
TYPES = {
    "issue_commented": "commented", "issue_comment_edited": "comment_edited", "issue_comment_deleted": "comment_deleted",
}  # fmt: skip
"""An issue_updated of Data Center that is about a comment says so in its type."""
_ISSUE = re.compile(r"/issue/(\d+)/comment/")


def delivery_id(headers: Mapping[str, str], raw: bytes) -> str:
    """The same for every attempt of one delivery; Data Center names none: there it is the content's digest."""
    given = _lower(headers).get("x-atlassian-webhook-identifier", "").strip()
    return given if 0 < len(given) <= 100 else hashlib.sha256(given.encode() or raw).hexdigest()


def signed(
    raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, client_secrets: Sequence[str] = (), now: float
) -> None:
    """Raises Refused(bad_signature, 401). Either proof will do: HMAC over the raw body, or a token of a dynamic webhook.

    Every secret in use is tried: while one is being replaced, two are. `now` in seconds since the epoch.
    """
    told = _lower(headers)
    signature = told.get("x-hub-signature") or told.get("x-hub-signature-256") or ""
    if signature and any(_matches(raw, signature, secret) for secret in [*secrets, *client_secrets] if secret):
        return
    scheme, _, token = told.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "jwt") and any(_token(token.strip(), one, now) for one in client_secrets if one):
        return
    raise Refused("This delivery is not signed by Jira.", reason="bad_signature", status=401)


def sign(raw: bytes, secret: str) -> str:
    """X-Hub-Signature as Jira makes it."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def token(secret: str, claims: Mapping[str, Any]) -> str:
    """A JWT (HS256), as a dynamic webhook carries it."""
    head = _packed(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _packed(json.dumps(dict(claims)).encode())
    return f"{head}.{body}.{_packed(_mac(f'{head}.{body}', secret))}"


def _matches(raw: bytes, signature: str, secret: str) -> bool:
    return hmac.compare_digest(sign(raw, secret).encode(), signature.strip().encode("utf-8", "replace"))


def _token(text: str, secret: str, now: float) -> bool:
    """HS256 alone: a token that names another algorithm, or none, proves nothing."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > 20_000:
        return False
    try:
        head, claims = (json.loads(_unpacked(one)) for one in parts[:2])
        proof = _unpacked(parts[2])
    except (ValueError, RecursionError):
        return False
    if not isinstance(head, dict) or not isinstance(claims, dict) or head.get("alg") != "HS256":
        return False
    if not hmac.compare_digest(_mac(f"{parts[0]}.{parts[1]}", secret), proof):
        return False
    return _in_time(claims, now)


def _in_time(claims: Mapping[str, Any], now: float) -> bool:
    until, since = claims.get("exp"), claims.get("nbf", claims.get("iat", now))
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        return False
    return since - LEEWAY <= now <= until + LEEWAY


def _mac(text: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def hear(raw: bytes, names: Mapping[str, str] | None = None, site: str = "") -> Heard:
    """What one delivery means. Raises Refused: too_big (413), malformed (422)."""
    if len(raw) > MOST_BYTES:
        raise Refused("This delivery is too big.", reason="too_big", status=413)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as no:
        raise Refused("This delivery is no JSON.", reason="malformed", status=422) from no
    if not isinstance(value, dict) or not isinstance(value.get("webhookEvent"), str):
        raise Refused("This delivery names no event.", reason="malformed", status=422)
    told = reading.fit(models.Delivery, value)
    comment = reading.comment(told.comment) if told.comment else None
    who = reading.person(told.user if told.user.who() else told.comment.author if told.comment else told.user)
    entry = told.changelog.model_copy(update={"author": told.user, "created": told.timestamp})
    return Heard(
        event=told.event, what=what(told), issue_id=told.issue.id or _from_comment(told) or _from_rest(told),
        key=told.issue.key, at=told.timestamp, by_id=who.id, by=who.name, issue=_whole(value, told, names, site),
        changes=reading.changes(entry), comment=comment,
    )  # fmt: skip


def what(told: models.Delivery) -> str:
    """Old servers name no type: there a comment beside no changelog is what happened."""
    plain = EVENTS.get(told.event, "other")
    if plain != "updated":
        return plain
    if told.type in TYPES:
        return TYPES[told.type]
    if told.comment and not told.changelog.items and not told.type:
        return "comment_edited" if told.comment.updated > told.comment.created else "commented"
    return plain


def _whole(value: dict[str, Any], told: models.Delivery, names: Mapping[str, str] | None, site: str) -> Any:
    """The issue, where the delivery holds all of it: a sketch has no time of its own and must not overwrite anything."""
    if told.issue.fields.updated == models.EPOCH or not told.issue.id:
        return None
    return reading.issue(value["issue"], names, site)


def _from_comment(told: models.Delivery) -> str:
    """Data Center's comment events name their issue only in the comment's address."""
    found = _ISSUE.search(told.comment.url) if told.comment else None
    return found[1] if found else ""


def _from_rest(told: models.Delivery) -> str:
    """Worklogs and links name the issue by id alone."""
    return str(told.worklog.get("issueId") or told.tie.get("sourceIssueId") or "")
