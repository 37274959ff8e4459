"""How one Jira is reached: where it stands, who we are there, and what a person allows us to write."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.port import WRITES

GATEWAY = "https://api.atlassian.com"
LOGIN = "https://auth.atlassian.com"
WANTED = ("Acceptance criteria", "Story Points", "Story point estimate", "Sprint", "Epic Link", "Repository")


@dataclass(frozen=True)
class Config:
    """`flavour` is cloud or datacenter. Cloud: e-mail and API token, or a client of ours with `cloud_id`; Data Center: a token.

    With a cloud_id all calls go over Atlassian's gateway: OAuth needs it, and so do tokens with scopes.
    """

    flavour: str
    base_url: str
    email: str = ""
    token: str = field(default="", repr=False)
    cloud_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    allowed: frozenset[str] = WRITES
    wanted: tuple[str, ...] = WANTED  # custom fields to bring along, by their names
    gateway: str = GATEWAY
    login: str = LOGIN
    seconds: float = 20.0  # that Jira may be silent

    def oauth(self) -> bool:
        return bool(self.client_id)

    def root(self) -> str:
        """Where `/rest` begins."""
        if self.flavour == "cloud" and self.cloud_id:
            return f"{self.gateway.rstrip('/')}/ex/jira/{self.cloud_id}"
        return self.base_url.rstrip("/")

    def checked(self) -> "Config":
        """Raises Refused(malformed, 422) for what cannot work."""
        if self.flavour not in ("cloud", "datacenter"):
            raise Refused("Jira is cloud or datacenter.", reason="malformed", status=422)
        if not self.base_url.startswith(("https://", "http://")):
            raise Refused("Jira's address begins with https://.", reason="malformed", status=422)
        lacks = _lacks(self)
        if lacks:
            raise Refused(f"{lacks} is missing.", reason="malformed", status=422)
        return self


def _lacks(config: Config) -> str:
    if config.oauth():
        return "" if config.cloud_id and config.client_secret else "The site, or the client's secret,"
    if not config.token:
        return "The token"
    return "The e-mail of the token's account" if config.flavour == "cloud" and not config.email else ""


@dataclass(frozen=True)
class Tokens:
    """OAuth 2.0 (3LO). `until` in seconds since the epoch. A refresh token serves once: the next one comes with the answer."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: float


class TokenStore(Protocol):
    """Who keeps the tokens, sealed, for all processes."""

    def load(self) -> Tokens: ...

    def renew(self, old: Tokens, ask: Callable[[Tokens], Tokens]) -> Tokens:
        """Under a lock: when the stored ones are no longer `old`, those; else asks for new ones, keeps and returns them."""


class MemoryTokens:
    """The store's twin: as long as its process lives."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def load(self) -> Tokens:
        return self.tokens

    def renew(self, old: Tokens, ask: Callable[[Tokens], Tokens]) -> Tokens:
        if self.tokens == old:
            self.tokens = ask(old)
        return self.tokens
