"""kill -9 of each process of the house, in the middle of runs: they end with the same tree as undisturbed ones, once."""

import signal

import pytest

from testkit.storm import Sea

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("victim", ["web", "git", "worker", "reconciler", "valkey"])
def test_a_killed_service_costs_time_and_nothing_else(sea: Sea, victim: str) -> None:
    """Valkey keeps nothing on disk: it comes back empty."""
    with sea.sail("LARK-1"):
        for steps in (3, 20):
            sea.works("LARK-1", steps)
            sea.house.kill_and_wait(victim)


def test_postgres_stopped_at_once_costs_time_and_nothing_else(sea: Sea) -> None:
    """SIGQUIT: an immediate shutdown; what was acknowledged comes back from the write-ahead log."""
    with sea.sail("LARK-1", "LARK-2"):
        sea.works("LARK-1", 5)
        sea.house.kill_and_wait("postgres", signal.SIGQUIT)
        sea.works("LARK-2", 20)
        sea.house.kill_and_wait("postgres", signal.SIGQUIT)


@pytest.mark.parametrize("victim", ["web", "postgres", "valkey"])
def test_a_decision_pressed_into_a_dying_platform_is_taken_once(sea: Sea, victim: str) -> None:
    with sea.sail("LARK-1", plan="ask"):
        plan = sea.alice.asked("LARK-1", "plan")
        sea.house.kill(victim)
        sea.persist("approve", plan, key=f"while {victim} dies")
    taken = "select count(*) from record_decision where run_id = %s and verb = 'approve'"
    assert sea.house.value(taken, sea.alice.run("LARK-1")) == 1


def test_the_worker_dies_between_seal_and_review_and_the_checks_go_on(sea: Sea) -> None:
    with sea.sail("LARK-1"):
        sea.alice.becomes("LARK-1", "sealing")
        sea.house.kill_and_wait("worker")
        sea.house.kill_and_wait("reconciler")
