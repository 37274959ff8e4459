"""What opens a repository at its origin: sealed at rest, opened for one job of the git service, told to nobody else."""

from typing import Any
from urllib.parse import urlsplit

from quarterdeck.errors import Refused
from quarterdeck.flow.text import bounded
from quarterdeck.outside.forge.port import Target
from quarterdeck.record import keys
from quarterdeck.record.models import Repository


def of(repository: Repository) -> dict[str, str]:
    """{} where it needs none. Raises GaveUp(key_missing)."""
    if not repository.secret:
        return {}
    secret = keys.open_secret(bytes(repository.secret), repository.key_id)
    return {"user": repository.login, "secret": secret}


def target(repository: Repository) -> Target:
    return Target(repository.url, repository.branch, access=of(repository))


def given(user: str, secret: str) -> dict[str, Any]:
    """The columns of a login that was entered; an empty secret takes the stored one away. Raises Refused(malformed)."""
    user, secret = bounded("The user", user, 200), bounded("The secret", secret, 4_000)
    if any(sign in user + secret for sign in "\r\n\0"):
        raise Refused("A login is one line.", reason="malformed", status=422)
    if not secret:
        return {"login": user, "secret": b"", "key_id": ""}
    cipher, key_id = keys.seal(secret)
    return {"login": user, "secret": cipher, "key_id": key_id}


def kept(row: Repository, url: str) -> dict[str, Any]:
    """A secret belongs to the place it was entered for: another host never gets it."""
    return {} if _place(row.url) == _place(url) else {"login": "", "secret": b"", "key_id": ""}


def refuse_in_address(url: str) -> None:
    """An address is shown, logged and stored as it is."""
    if urlsplit(url).scheme in ("http", "https") and "@" in urlsplit(url).netloc:
        raise Refused("An address holds no user and no password.", reason="malformed", status=422,
                      remedy="Enter them as the repository's login.")  # fmt: skip


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
