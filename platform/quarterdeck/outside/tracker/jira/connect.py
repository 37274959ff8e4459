"""The one place that knows which adapter a configured Jira gets."""

import httpx

from quarterdeck.outside.tracker.jira.calling import Client
from quarterdeck.outside.tracker.jira.cloud import Cloud
from quarterdeck.outside.tracker.jira.config import Config, TokenStore
from quarterdeck.outside.tracker.jira.datacenter import DataCenter


def connect(
    config: Config, tokens: TokenStore | None = None, *, transport: httpx.BaseTransport | None = None
) -> Cloud | DataCenter:
    """Asks nothing yet. Keep it: it holds connections, pauses and what it learnt. Raises Refused(malformed, 422)."""
    client = Client(config, tokens, transport=transport)
    return Cloud(client) if config.flavour == "cloud" else DataCenter(client)
