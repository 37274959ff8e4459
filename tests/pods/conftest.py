"""One real cluster for all of these: brought up once, left as it was found. Skipped only where no pod can run at all."""

import os
from collections.abc import Iterator

import pytest

from testkit.pods import Cluster, PodHouse, living_in_pods, missing

SLOT = os.environ.get("QUARTERDECK_TEST_SLOT", "7")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Room for other clusters of this machine: a slot of its own. QUARTERDECK_TEST_KEEP=1 leaves it up."""
    if why := missing():
        pytest.skip(why)
    one = Cluster(SLOT).up()
    yield one
    if os.environ.get("QUARTERDECK_TEST_KEEP") != "1":
        one.down()


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[PodHouse]:
    with living_in_pods(cluster) as one:
        yield one
