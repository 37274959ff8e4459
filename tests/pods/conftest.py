"""Houses whose agents live in pods of one real cluster. Skipped only where no pod can run at all."""

from collections.abc import Iterator

import pytest

from testkit.pods import Cluster, PodHouse, living_in_pods


@pytest.fixture(scope="session")
def cluster(real_cluster: Cluster) -> Cluster:
    return real_cluster


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[PodHouse]:
    with living_in_pods(cluster) as one:
        yield one
