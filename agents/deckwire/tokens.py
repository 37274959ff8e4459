"""How an agent derives its audience tokens from the session, and how the platform checks that it did."""

import hashlib
import hmac

from deckwire.words import Audience


def derive(session: str, audience: Audience) -> str:
    """The token for one audience: `qd_<audience>_<hex HMAC-SHA256>`. The session itself opens no door but `session`."""
    mac = hmac.new(session.encode(), audience.value.encode(), hashlib.sha256)
    return f"qd_{audience.value}_{mac.hexdigest()}"


def digest(token: str) -> str:
    """What is stored of a token: SHA-256, hex. Tokens have 256 bits of their own, so no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
