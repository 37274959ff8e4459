"""Builds the adapter that the settings name. The only place that knows which one it is."""

from functools import cache

from django.conf import settings

from quarterdeck.errors import Refused
from quarterdeck.outside.cluster.port import Cluster
from quarterdeck.outside.forge.port import Forge
from quarterdeck.outside.repos.port import Repos


@cache
def repos() -> Repos:
    """The git service, over its internal port."""
    from quarterdeck.outside.repos.client import RemoteRepos

    return RemoteRepos(settings.RUN_DIR / "git-internal.sock")


@cache
def cluster() -> Cluster:
    if settings.CLUSTER == "memory":
        from quarterdeck.outside.cluster.memory import MemoryCluster

        return MemoryCluster()
    if settings.CLUSTER == "local":
        from quarterdeck.outside.cluster.local import LocalCluster

        return LocalCluster(
            root=settings.DATA_DIR / "places", doors=settings.RUN_DIR / "agent", python=settings.AGENT_PYTHON,
            agents=settings.TOP / "agents", environments=settings.DATA_DIR / "environments",
            lock=settings.DATA_DIR / "lock",
        )  # fmt: skip
    raise Refused(f"QUARTERDECK_CLUSTER is {settings.CLUSTER!r}: write local or memory.", reason="configuration")


def forge(name: str) -> Forge:
    if name == "bare":
        from quarterdeck.outside.forge.bare import BareForge

        return BareForge(repos())
    raise Refused(
        f"There is no forge named {name!r}.", reason="no_such_forge", remedy="Choose bare in the project's settings."
    )
