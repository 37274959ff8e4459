"""Money for model calls: what two at once, a repeat, a death and a late word do to it. And the lanes of an endpoint."""

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from django.db import connection

from deckwire.words import Audience
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import endpoints, spend
from quarterdeck.flow.lanes import CALM_S, FIRST, WARY_S, Lanes
from quarterdeck.flow.routes import Price
from quarterdeck.outside.models.images import Look, look
from quarterdeck.outside.models.port import Usage
from quarterdeck.record import keys, ledger
from quarterdeck.record.models import CallState, Connection, ModelCall, Run
from testkit import agents, rows
from testkit.agents import Agent
from testkit.provider import providing

PRICE = Price(into=2_000_000, out=10_000_000)
DONE = spend.End(CallState.DONE, Usage(1000, 200), "application/json", b"{}")
COST = 4000


@pytest.fixture
def agent(db: None) -> Agent:
    return agents.working(rows.run(rows.ticket(rows.project()), cap_micro=10_000))


def wish(call: str = "c1", digest: str = "a", most: int = 5000) -> spend.Wish:
    return spend.Wish(call, digest * 64, "work", "large", None, PRICE, most)


def reserve(agent: Agent, **more: object) -> object:
    return spend.reserve(agent.bearer(Audience.MODEL), wish(**more))  # type: ignore[arg-type]


def opened(agent: Agent, **more: object) -> spend.Opened:
    met = reserve(agent, **more)
    assert isinstance(met, spend.Opened)
    return met


def spent(agent: Agent) -> list[int]:
    return [line.body["micro"] for line in ledger.after(f"run:{agent.run}", 0) if line.kind == "spent"]


def end_the_leases() -> None:
    ModelCall.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_price_is_rounded_up_so_that_nothing_is_free_by_rounding() -> None:
    assert Price(1, 0).cost(Usage(1, 0)) == 1
    assert Price(0, 0).cost(Usage(10**9, 10**9)) == 0
    assert PRICE.cost(Usage(1000, 200)) == COST


def test_a_settled_call_is_answered_again_for_nothing(agent: Agent) -> None:
    spend.settle(opened(agent).row, DONE, PRICE)
    assert reserve(agent) == spend.Answered("application/json", b"{}")
    assert spent(agent) == [COST]


def test_settling_twice_is_settling_once(agent: Agent) -> None:
    row = opened(agent).row
    spend.settle(row, DONE, PRICE)
    spend.settle(row, spend.End(CallState.CUT))
    assert spent(agent) == [COST]
    assert ModelCall.objects.get().state == CallState.DONE


def test_a_call_on_its_way_is_not_opened_again(agent: Agent) -> None:
    row = opened(agent).row
    assert reserve(agent) == spend.Running(row)


def test_another_question_under_the_same_id_is_another_variant(agent: Agent) -> None:
    spend.settle(opened(agent).row, DONE, PRICE)
    opened(agent, digest="b")
    assert list(ModelCall.objects.order_by("variant").values_list("variant", flat=True)) == [0, 1]


def test_a_repeat_after_the_gateways_death_settles_the_dead_one_and_pays_anew(agent: Agent) -> None:
    opened(agent)
    end_the_leases()
    opened(agent)
    first, second = ModelCall.objects.order_by("variant")
    assert (first.state, first.settled, first.estimated) == (CallState.CUT, 5000, True)
    assert (second.state, second.variant) == (CallState.OPEN, 1)
    assert spent(agent) == [5000]


def test_a_late_word_from_a_gateway_thought_dead_changes_nothing(agent: Agent) -> None:
    row = opened(agent).row
    end_the_leases()
    assert spend.sweep() == 1
    spend.settle(row, DONE, PRICE)
    spend.renew(row, streaming=True)
    assert (ModelCall.objects.get().state, spent(agent)) == (CallState.CUT, [5000])


def test_a_renewed_lease_keeps_the_sweep_away(agent: Agent) -> None:
    row = opened(agent).row
    end_the_leases()
    spend.renew(row, streaming=True)
    assert spend.sweep() == 0
    assert ModelCall.objects.get().state == CallState.STREAMING


def test_what_failed_for_nothing_is_opened_again_in_its_own_row(agent: Agent) -> None:
    spend.settle(opened(agent).row, spend.End(CallState.FAILED))
    opened(agent)
    assert ModelCall.objects.count() == 1
    assert spent(agent) == []


def test_the_cap_is_the_end_and_set_aside_is_only_a_pause(agent: Agent) -> None:
    row = opened(agent, most=6000).row
    with pytest.raises(TryLater) as later:
        reserve(agent, call="c2")
    assert later.value.reason == "reserved"
    spend.settle(row, spend.End(CallState.CUT))
    with pytest.raises(Refused) as no:
        reserve(agent, call="c2")
    assert (no.value.reason, no.value.status) == ("budget", 402)
    Run.objects.update(cap_micro=20_000)
    opened(agent, call="c2")


def test_a_model_that_costs_nothing_is_asked_at_the_budgets_end_too(agent: Agent) -> None:
    Run.objects.update(cap_micro=0)
    opened(agent, most=0)


def test_money_is_settled_after_the_fence_too(agent: Agent) -> None:
    row = opened(agent).row
    agents.replaced(agent)
    spend.settle(row, DONE, PRICE)
    assert spent(agent) == [COST]


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_never_set_aside_more_than_there_is(agent: Agent) -> None:
    bearer = agent.bearer(Audience.MODEL)

    def one(number: int) -> bool:
        try:
            return isinstance(spend.reserve(bearer, wish(f"c{number}", most=3000)), spend.Opened)
        except TryLater:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as eight:
        assert sum(eight.map(one, range(8))) == 3
    assert ModelCall.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_same_call_eight_times_at_once_is_opened_once(agent: Agent) -> None:
    bearer = agent.bearer(Audience.MODEL)

    def one(_: int) -> bool:
        try:
            return isinstance(spend.reserve(bearer, wish()), spend.Opened)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as eight:
        assert sum(eight.map(one, range(8))) == 1


class TestLanes:
    """How many calls at once an endpoint bears."""

    def lanes(self) -> tuple[Lanes, list[float]]:
        now = [0.0]
        return Lanes(clock=lambda: now[0]), now

    def answered(self, lanes: Lanes, times: int) -> int:
        """How many it bears after so many good answers."""
        for _ in range(times):
            with lanes.taken("e", "Large") as lane:
                lanes.went_well(lane)
        assert lane.busy == 0
        return lane.limit

    def test_thirty_agents_need_not_wait_for_each_other_and_each_good_answer_is_room_for_one_more(self) -> None:
        lanes, _ = self.lanes()
        with ExitStack() as at_once:
            for _ in range(30):
                at_once.enter_context(lanes.taken("e", "Large"))
        assert self.answered(lanes, 10) == FIRST + 10

    def test_a_push_back_halves_and_good_answers_give_one_more(self) -> None:
        lanes, now = self.lanes()
        with lanes.taken("e", "Large") as lane:
            lanes.pushed_back(lane, 7.0)
            lanes.pushed_back(lane, 3.0)
        half = FIRST // 2
        assert lane.limit == half, "calls that were on their way together count once"
        with pytest.raises(TryLater) as no, lanes.taken("e", "Large"):
            pass
        assert (no.value.after, no.value.reason) == (7.0, "provider")
        now[0] = 7.0
        assert self.answered(lanes, half - 1) == half
        assert self.answered(lanes, 1) == half + 1

    def test_an_outage_that_is_over_for_a_minute_is_soon_made_good(self) -> None:
        lanes, now = self.lanes()
        for _ in range(10):
            with lanes.taken("e", "Large") as lane:
                lanes.pushed_back(lane, 5.0)
            now[0] += 5.0
        assert lane.limit == 1
        now[0] += CALM_S
        assert self.answered(lanes, 20) == 21

    def test_an_endpoint_that_lets_calls_wait_until_they_are_cut_is_not_asked_for_many_again_soon(self) -> None:
        lanes, now = self.lanes()
        with lanes.taken("e", "Large") as lane:
            lanes.pushed_back(lane, 0.0, silent=True)
        now[0] += CALM_S
        assert self.answered(lanes, 10) == FIRST // 2
        now[0] += WARY_S
        assert self.answered(lanes, 10) == FIRST // 2 + 10

    def test_a_full_lane_says_so_and_never_closes_for_good(self) -> None:
        lanes, _ = self.lanes()
        for _ in range(10):
            with lanes.taken("e", "Large") as lane:
                lanes.pushed_back(lane, 0.0)
        assert lane.limit == 1
        with lanes.taken("e", "Large"), pytest.raises(TryLater, match="at once"), lanes.taken("e", "Large"):
            pass
        with lanes.taken("e", "Large"), lanes.taken("other", "Small"):
            pass


class TestEndpoints:
    """The test of a connection, by one real call."""

    def connection(self, url: str, **offer: object) -> Connection:
        cipher, key_id = keys.seal("sk-canary")
        offers = [{"name": "large", "in_micro": 1, "out_micro": 1, **offer}]
        return Connection.objects.create(kind="model", name="Large", protocol="openai", base_url=f"{url}/v1",
                                         secret=cipher, key_id=key_id, offers=offers)  # fmt: skip

    def test_that_works_is_stored_as_good(self, db: None) -> None:
        with providing() as provider:
            connection = self.connection(provider.url)
            assert [fact.ok for fact in endpoints.test(connection)] == [True]
        connection.refresh_from_db()
        assert connection.tested_at is not None
        assert connection.test_facts == [{"label": "large answers.", "ok": True, "remedy": ""}]

    def test_that_is_said_to_take_images_is_asked_with_one(self, db: None) -> None:
        with providing() as provider:
            facts = endpoints.test(self.connection(provider.url, images=True))
        assert [fact.label for fact in facts] == ["large answers.", "large takes images."]
        url = provider.heard[1]["messages"][0]["content"][1]["image_url"]["url"]
        assert look(base64.b64decode(url.removeprefix("data:image/png;base64,"))) == Look("image/png", 64, 64)
        Connection.objects.all().delete()
        with providing("answer", "400") as provider:
            facts = endpoints.test(self.connection(provider.url, images=True))
        assert [(fact.ok, fact.remedy) for fact in facts] == [(True, ""), (False, "Take the mark off that it does.")]

    @pytest.mark.parametrize("does", ["401", "404", "429", "500"])
    def test_that_fails_names_a_remedy_and_never_the_key(self, db: None, does: str) -> None:
        with providing(does) as provider:
            (fact,) = endpoints.test(self.connection(provider.url))
        assert not fact.ok
        assert fact.remedy
        assert "sk-canary" not in fact.label + fact.remedy

    def test_of_an_address_where_nobody_is_says_so(self, db: None) -> None:
        (fact,) = endpoints.test(self.connection("http://127.0.0.1:9"))
        assert not fact.ok
        assert "reached" in fact.label

    def test_a_missing_price_and_a_missing_usage_are_told(self, db: None) -> None:
        (fact,) = endpoints.test(self.connection("http://127.0.0.1:9", in_micro=None))
        assert "no price" in fact.label
        Connection.objects.all().delete()
        with providing("silent") as provider:
            facts = endpoints.test(self.connection(provider.url))
        assert [fact.ok for fact in facts] == [True, True]
        assert "estimated" in facts[1].remedy
