"""Whose turn it is, played through hundreds of starts: parts follow weights, nobody starves, the same state gives one answer."""

import heapq
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.record import turns
from quarterdeck.record.turns import Share, Waiting

START = datetime(2026, 1, 1, tzinfo=UTC)


def project(n: int) -> UUID:
    return UUID(int=n + 1)


class Site:
    """Places that runs take and give back, by the order under test. Time is in minutes."""

    def __init__(self, places: int, weights: list[int], most: list[int] | None = None) -> None:
        limits = most or [1_000] * len(weights)
        self.places, self.now, self.made, self.last = places, 0, 0, 0
        self.shares = {project(n): Share(0, limits[n], weight) for n, weight in enumerate(weights)}
        self.waiting: list[Waiting] = []
        self.ends: list[tuple[int, UUID]] = []
        self.held: Counter[UUID] = Counter()
        self.started: dict[UUID, int] = {}

    def open(self, of: int, priority: int = 1) -> UUID:
        self.made += 1
        run = UUID(int=10_000 + self.made)
        self.waiting.append(Waiting(run, project(of), priority, START + timedelta(minutes=self.now)))
        return run

    def give(self, minutes: int) -> bool:
        """One place, if there is one."""
        first = next(turns.order(self.shares, self.waiting), None)
        if len(self.ends) >= self.places or first is None:
            return False
        self.waiting.remove(first)
        self.last = first.project.int - 1
        self.shares = turns.caught_up(self.shares)
        self.shares[first.project] = self.shares[first.project].given()
        self.held[first.project] += minutes
        self.started[first.run] = self.now
        heapq.heappush(self.ends, (self.now + minutes, first.project))
        return True

    def wait(self) -> None:
        """Until the next place comes back."""
        self.now, of = heapq.heappop(self.ends)
        share = self.shares[of]
        self.shares[of] = Share(share.used - 1, share.places, share.weight, share.turn)


weights = st.lists(st.integers(1, 9), min_size=2, max_size=6)


@settings(deadline=None, max_examples=12)
@given(weights, st.integers(1, 24), st.randoms(use_true_random=False))
def test_parts_of_the_places_follow_the_weights_however_few_places_there_are(
    weights: list[int], places: int, chance: Random
) -> None:
    site = Site(places, weights)
    for of in range(len(weights)):
        for _ in range(3):
            site.open(of)
    for _ in range(500):
        while site.give(chance.randint(5, 15)):
            # Everybody always wants more: what was started is asked for again.
            site.open(site.last)
        site.wait()
    for n, weight in enumerate(weights):
        part, wanted = site.held[project(n)] / site.held.total(), weight / sum(weights)
        assert abs(part - wanted) <= 0.02 + 0.1 * wanted, (n, part, wanted)


@settings(deadline=None, max_examples=8)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_nobody_starves_beside_newcomers_of_every_weight_and_priority(
    weights: list[int], places: int, chance: Random
) -> None:
    site = Site(places, weights)
    low = {site.open(of, priority=0) for of in range(len(weights)) for _ in range(3)}
    # Three steps of head start; then each project's three, while the heaviest take their turns beside it, an hour a run.
    bound = 3 * 8 * 60 + 3 * 60 * (sum(weights) // min(weights) + len(weights) + 2)
    while site.now < bound and not low <= site.started.keys():
        # Runs that are wanted more than the first ones never end.
        for of in range(len(weights)):
            if sum(one.project == project(of) for one in site.waiting) < 5:
                site.open(of, priority=3)
        while site.give(chance.randint(20, 60)):
            pass
        site.wait()
    assert low <= site.started.keys()


def test_a_higher_priority_goes_first_and_age_decides_among_equals() -> None:
    site = Site(1, [1])
    old, new, urgent = site.open(0), site.open(0), site.open(0, priority=3)
    assert [one.run for one in turns.order(site.shares, site.waiting)] == [urgent, old, new]


def test_age_overtakes_priority_after_its_head_start() -> None:
    site = Site(1, [1])
    low = site.open(0, priority=0)
    site.now = 3 * 8 * 60 + 1
    high = site.open(0, priority=3)
    assert [one.run for one in turns.order(site.shares, site.waiting)] == [low, high]


def test_a_project_that_has_all_its_places_lets_the_others_pass() -> None:
    site = Site(10, [9, 1], most=[1, 10])
    first, second, other = site.open(0, 3), site.open(0, 3), site.open(1, 0)
    assert [one.run for one in turns.order(site.shares, site.waiting)] == [first, other]
    assert second not in {one.run for one in turns.order(site.shares, site.waiting)}


def test_a_newcomer_gets_its_part_at_once_and_is_not_paid_for_what_it_left_to_others() -> None:
    site = Site(8, [1, 1])
    for _ in range(100):
        site.open(0)
    for _ in range(40):
        while site.give(10):
            pass
        site.wait()
    for _ in range(50):
        site.open(1)
    taken = []
    for _ in range(8):
        while site.give(10):
            pass
        taken.append(site.shares[project(1)].used)
        site.wait()
    assert max(taken) <= 5
    assert taken[-1] >= 4


def test_the_same_state_gives_one_answer_whatever_its_order() -> None:
    site = Site(3, [2, 1, 1])
    for n in range(12):
        site.open(n % 3, priority=n % 4)
    there = [one.run for one in turns.order(site.shares, site.waiting)]
    back = dict(reversed(site.shares.items()))
    assert [one.run for one in turns.order(back, site.waiting[::-1])] == there
    assert len(there) == 12
