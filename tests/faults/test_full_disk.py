"""A disk with no byte left: a start says so, a person who writes is told so, and a run waits until there is room again."""

import shutil
from collections.abc import Iterator

import httpx
import pytest

from testkit.house import House, NewHouse
from testkit.storm import Sea
from testkit.waiting import until
from testkit.weather import fill, small_disk

pytestmark = pytest.mark.faults
MEGABYTES = 700
LONG = "The total must be rounded once. " * 3000


@pytest.fixture
def small() -> Iterator[Sea]:
    """A house on a disk of its own, and what LARK-1 ends with there."""
    house = House()
    with small_disk(house.data, MEGABYTES):
        try:
            house.start()
            house.change("""update record_project set dials = dials || '{"linger": 2}'""")
            yield Sea(house, "LARK-1")
        finally:
            house.stop()


def write_a_ticket(sea: Sea, text: str) -> httpx.Response:
    project = sea.alice.get("/projects")[0]["id"]
    return sea.alice.api.post("/tickets", json={"project": project, "title": "Round once", "description": text})


def test_a_run_on_a_full_disk_waits_and_loses_nothing(small: Sea) -> None:
    """No step is stored and nothing is called lost: the agent holds what it has until there is room."""
    house = small.house
    with small.sail("LARK-1"):
        small.works("LARK-1", 4)
        held = fill(house.data)
        told = until(lambda: refused(small), 60, every=0.2, what="a write that finds no room")
        assert (told.status_code, told.json()["reason"]) == (503, "disk_full"), told.text
        assert told.json()["text"] == "The disk is full: nothing new can be stored."
        assert "Free some space" in told.json()["remedy"]
        assert shutil.disk_usage(house.data).free == 0
        held.unlink()
    attempts = house.rows("select epoch, state from record_attempt where run_id = %s", small.alice.run("LARK-1"))
    assert attempts == [{"epoch": 1, "state": "sealed"}]
    assert write_a_ticket(small, LONG).is_success


def refused(sea: Sea) -> httpx.Response | None:
    """Short ones may still find room on a page that is there."""
    answer = write_a_ticket(sea, LONG)
    return None if answer.is_success else answer


def test_a_start_on_a_disk_that_is_nearly_full_says_so() -> None:
    house = NewHouse()
    with small_disk(house.data, 8):
        with pytest.raises(AssertionError, match="nearly full") as told:
            house.start()
        house.stop()
    assert "free some space, or give another folder in QUARTERDECK_DATA" in str(told.value)
