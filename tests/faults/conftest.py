"""One house for all kills: it is started once, and each test leaves it as it found it."""

from collections.abc import Iterator

import pytest

from testkit.doomed import DoomedHouse
from testkit.house import living
from testkit.storm import Sea

TICKETS = ("LARK-1", "LARK-2", "LARK-3")


@pytest.fixture(scope="session")
def house() -> Iterator[DoomedHouse]:
    with living(DoomedHouse) as one:
        one.change("""update record_project set dials = dials || '{"linger": 2}'""")
        yield one


@pytest.fixture(scope="session")
def sea(house: DoomedHouse) -> Sea:
    return Sea(house, *TICKETS)
