"""Builds the adapter that the settings name: the only place that knows which one it is. Each is made once, on first use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
from django.conf import settings

from quarterdeck.errors import Refused
from quarterdeck.outside.cluster.port import Cluster
from quarterdeck.outside.forge.port import Forge
from quarterdeck.outside.reach import Reach
from quarterdeck.outside.repos.port import Repos
from quarterdeck.outside.tracker.port import Tracker

_fitted: dict[str, Any] = {}


def fit(name: str, adapter: object | None) -> None:
    """Puts an adapter in (a twin, a store of a test's own); None takes it out again."""
    if adapter is None:
        _fitted.pop(name, None)
    else:
        _fitted[name] = adapter


def _once(name: str, make: Callable[[], object]) -> Any:
    if name not in _fitted:
        _fitted[name] = make()
    return _fitted[name]


def repos() -> Repos:
    """The git service, over its internal port."""
    return cast(Repos, _once("repos", _remote_repos))


def cluster() -> Cluster:
    return cast(Cluster, _once("cluster", CLUSTERS.get(settings.CLUSTER, _no_cluster)))


def forge(name: str) -> Forge:
    if name != "bare":
        raise Refused(
            f"There is no forge named {name!r}.",
            reason="no_such_forge",
            remedy="Choose bare in the project's settings.",
        )
    return cast(Forge, _once("forge:bare", _bare_forge))


def tracker(name: str, make: Callable[[], Tracker]) -> Tracker:
    """One for each connection and version of its settings: it holds connections and what it learnt of the other side."""
    return cast(Tracker, _once(f"tracker:{name}", make))


def reach() -> Reach:
    """The way to trackers. Its Refused says which setting opens a private network."""
    return Reach(settings.TRACKER_REACHES, "QUARTERDECK_TRACKER_REACHES")


def web() -> httpx.Client:
    """For a few calls to where a person signs in. Close it."""
    return httpx.Client(transport=reach(), trust_env=False, timeout=20.0)


def jira(tokens: Any = None, **fields: Any) -> Tracker:
    """Raises Refused(malformed) for settings that cannot work."""
    from quarterdeck.outside.tracker.jira.config import Config
    from quarterdeck.outside.tracker.jira.connect import connect

    return connect(Config(**fields).checked(), tokens, transport=reach())


def ears() -> Any:
    """How webhooks are read: `hear`, `signed`, `delivery_id`."""
    return _once("ears", _jira_ears)


def _jira_ears() -> object:
    from quarterdeck.outside.tracker.jira import hooks

    return hooks


def _remote_repos() -> object:
    from quarterdeck.outside.repos.client import RemoteRepos

    return RemoteRepos(settings.GIT_INTERNAL or settings.RUN_DIR / "git-internal.sock", key=settings.GIT_KEY)


def _bare_forge() -> object:
    from quarterdeck.outside.forge.bare import BareForge

    return BareForge(repos())


def _memory_cluster() -> object:
    from quarterdeck.outside.cluster.memory import MemoryCluster

    return MemoryCluster()


def _local_cluster() -> object:
    from quarterdeck.outside.cluster.local import LocalCluster

    data = settings.DATA_DIR
    return LocalCluster(
        root=data / "places", doors=settings.RUN_DIR / "agent", agents=settings.TOP / "agents", python=settings.AGENT_PYTHON,
        environments=data / "environments", lock=data / "lock",
        reaches=settings.INSTALL_REACHES,
    )  # fmt: skip


def _pods_cluster() -> object:
    """Imported here: the client costs a second and a hundred megabytes, and only the reconciler needs it."""
    from quarterdeck.outside.cluster.pods.api import Api
    from quarterdeck.outside.cluster.pods.cluster import PodsCluster

    return PodsCluster(
        Api(Path(settings.KUBECONFIG) if settings.KUBECONFIG else None, settings.AGENTS_NAMESPACE), pods_ground()
    )


def pods_ground() -> Any:
    """Raises Refused(configuration) when a setting is missing that no pod can do without."""
    from quarterdeck.outside.cluster.pods.manifest import Ground

    needed = {
        "AGENT_IMAGE": settings.AGENT_IMAGE,
        "DOORS_FOR_PODS": settings.DOORS_FOR_PODS,
        "GIT_FOR_PODS": settings.GIT_FOR_PODS,
    }
    missing = [f"QUARTERDECK_{name}" for name, value in needed.items() if not value]
    if missing:
        raise Refused(f"QUARTERDECK_CLUSTER=pods needs {', '.join(missing)}.", reason="configuration")
    options = dict(settings.POD_OPTIONS)
    for name in {"pull_secrets", "canary"} & options.keys():
        options[name] = tuple(options[name])
    return Ground(
        site=settings.SITE, image=settings.AGENT_IMAGE, doors=settings.DOORS_FOR_PODS, git=settings.GIT_FOR_PODS,
        outlet=settings.OUTLET_FOR_PODS, registries=tuple(sorted(settings.REGISTRIES)),
        claim=settings.ENVIRONMENTS_CLAIM, **options,
    )  # fmt: skip


def _no_cluster() -> object:
    raise Refused(f"QUARTERDECK_CLUSTER is {settings.CLUSTER!r}: write local, pods or memory.", reason="configuration")


CLUSTERS: dict[str, Callable[[], object]] = {"local": _local_cluster, "pods": _pods_cluster, "memory": _memory_cluster}
