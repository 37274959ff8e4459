"""What an agent calls by a name has to stand in its pod's hosts file: its network has no name service."""

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

from quarterdeck.errors import TryLater
from quarterdeck.outside.cluster.pods.answers import AWAY
from quarterdeck.outside.cluster.pods.manifest import Ground


async def named(ground: Ground) -> Ground:
    """With the addresses of the doors' names, looked up here. Raises TryLater(cluster_away)."""
    found = dict(ground.host_aliases)
    for url in (ground.doors, ground.git, ground.outlet):
        name = urlsplit(url).hostname or ""
        if name and name not in found and not _is_address(name):
            found[name] = await _look_up(name)
    return replace(ground, host_aliases=found)


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


async def _look_up(name: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, None)
    except (OSError, UnicodeError) as bad:
        why = getattr(bad, "strerror", "") or bad
        raise TryLater(f"{name}, which the agents are to call, has no address: {why}.", after=5.0, reason=AWAY) from bad
    return str(found[0][4][0])
