"""One Chromium and one house for each module: what a module decides stays its own, and no driver's event loop goes on
under the next module's tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from testkit.browser import chromium
from testkit.house import House, living


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The rehearsal model thinks a fifth as long as for a person: quick, and slow enough to be interrupted."""
    with living(QUARTERDECK_PACE="0.2") as one:
        yield one
