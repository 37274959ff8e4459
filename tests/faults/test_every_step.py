"""An agent that is killed at every boundary between two steps: forty attempts do the work of one, and nobody can tell."""

import pytest

from testkit.doomed import DoomedHouse
from testkit.storm import Sea
from testkit.waiting import until

pytestmark = pytest.mark.faults
AT_WORK = ("queued", "starting", "working")


def test_a_run_killed_at_every_step_boundary_ends_as_if_it_never_was(sea: Sea, house: DoomedHouse) -> None:
    """Attempt k dies at boundary k, until none is left: no attempt does more than one step."""
    house.order("agent.stepped")
    try:
        with sea.sail("LARK-1"):
            until(lambda: sea.alice.phase("LARK-1") not in AT_WORK, 900, what="the last boundary")
            house.withdraw("agent.stepped")
            steps = sea.steps("LARK-1")
    finally:
        house.withdraw("agent.stepped")
    attempts = house.value("select count(*) from record_attempt where run_id = %s", sea.alice.run("LARK-1"))
    assert steps > 20
    assert attempts == steps
