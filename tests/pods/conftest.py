"""One real cluster for all of these: brought up once, left as it was found. Skipped only where no pod can run at all."""

import os
from collections.abc import Iterator

import pytest

from testkit.pods import Cluster, PodHouse, living_in_pods, missing

SLOT = os.environ.get("QUARTERDECK_TEST_SLOT", "7")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Beside other clusters of this machine, in a slot of its own. One that was up before is left up."""
    if why := missing():
        pytest.skip(why)
    one = Cluster(SLOT)
    was_up = one.is_up
    yield one.up()
    if not was_up:
        one.down()


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[PodHouse]:
    with living_in_pods(cluster) as one:
        yield one
