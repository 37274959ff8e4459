"""How a fleet of rehearsal agents does on this machine: `make bench`. Prints a table, writes one JSON file, asserts only
that no run was lost. 100 runs take the 20 places that a machine gives at once: the queue is part of what is measured."""

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.fleet import copies
from testkit.house import House, living
from testkit.meter import Meter
from testkit.shown import EACH, Shown, looking_on, session
from testkit.waiting import until

pytestmark = pytest.mark.bench
OUT = Path(__file__).parent / "out"
PLACES = 20
Figures = dict[str, Any]


@pytest.fixture
def house() -> Iterator[House]:
    with living() as one:
        one.change("""update record_project set places = %s, dials = dials || '{"linger": 3600}'""", PLACES)
        one.change("insert into record_sitesetting (name, value) values ('places', %s::jsonb)", str(PLACES))
        yield one


@pytest.mark.parametrize("runs", [20, 100])
def test_a_fleet(house: House, runs: int) -> None:
    alice = Desk(house)
    tickets = copies(house, runs)
    with Meter(house) as meter, looking_on() as shown:
        click, began = time.time(), time.monotonic()
        decided = ride(alice, tickets, meter, shown)
        took = time.monotonic() - began
        until(shown.quiet, 60, what="the last event on the pages")
    figures = measured(house, runs, took, meter) | seen(house, click, took, shown) | decided
    show(figures)
    phases = {row["phase"]: row["count"] for row in house.rows("select phase, count(*) from record_run group by 1")}
    assert phases == {"review": runs}, "a run was lost"
    assert history.check(history.read(house)) == []


def ride(alice: Desk, tickets: list[str], meter: Meter, shown: Shown) -> Figures:
    """Assigns all at once, approves each plan as it is asked for, one by one, until all have come to their review. Meanwhile
    pages are open on all of them."""
    cookie = session(alice.house)
    lines = alice.post("/runs", {"key": "fleet", "tickets": tickets})["lines"]
    assert {line["fate"] for line in lines} == {"applied"}
    for at in range(0, len(lines), EACH):
        shown.open(alice.house, cookie, [line["run"] for line in lines[at : at + EACH]])
    waiting = "select * from record_request where state = 'open' and kind = 'plan'"
    idle: dict[str, float] = {}
    approved = 0
    while approved < len(tickets):
        if not approved:
            until(lambda: len(alice.house.rows(waiting)) >= min(len(tickets), PLACES), 300, what="waiting agents")
            idle = meter.memory()
        for request in until(lambda: alice.house.rows(waiting), 900, what="a plan to approve"):
            assert alice.answer("approve", request)[0]["fate"] == "pending"
            approved += 1
    done = "select count(*) from record_run where phase = 'review'"
    until(lambda: alice.house.value(done) == len(tickets), 1800, every=0.5, what="all reviews")
    return {
        "memory_mib": {name: value for name, value in idle.items() if name != "agents"},
        "memory_mib_per_waiting_agent": round(idle["agents"] / min(len(tickets), PLACES), 1),
    }


def measured(house: House, runs: int, took: float, meter: Meter) -> Figures:
    events = house.value("select count(*) from record_event where stream like 'run:%%'")
    steps = house.value("select sum(steps) from record_run")
    cpu = meter.seconds()
    agents = cpu.pop("agents", 0.0)
    return {
        "runs": runs, "places": PLACES, "seconds": round(took, 1), "events": events, "steps": int(steps),
        "events_stored_per_second": round(events / took, 1), "steps_per_second": round(float(steps) / took, 1),
        "first_event_ms": spread(house, FIRST), "goes_on_ms": spread(house, GOES_ON), "cpu_seconds": cpu | {"agents": agents},
        "platform_cpu_ms_per_step": round(sum(cpu.values()) / float(steps) * 1000, 1),
        "agent_cpu_ms_per_step": round(agents / float(steps) * 1000, 1),
    }  # fmt: skip


def seen(house: House, click: float, took: float, shown: Shown) -> Figures:
    """What reached the pages. An event's way to the screen begins when its agent said it."""
    first = {str(row["run"]): row["seq"] for row in house.rows(FIRST_SEQ)}
    waits = [(shown.came[run, seq] - click) * 1000 for run, seq in first.items() if (run, seq) in shown.came]
    said = {(str(row["run"]), row["seq"]): float(row["at"]) for row in house.rows(SAID)}
    ways = [(at - said[key]) * 1000 for key, at in shown.came.items() if key in said]
    return {
        "events_shown": len(shown.came), "events_shown_per_second": round(len(shown.came) / took, 1), "gaps": shown.gaps,
        "first_event_shown_ms": spread_of(waits), "said_to_shown_ms": spread_of(ways),
    }  # fmt: skip


# The first line of an agent, for runs that found a place at once.
FIRST_SEQ = """select substr(stream, 5) as run, min(seq) as seq from record_event where n is not null
    and substr(stream, 5)::uuid in (select id from record_run order by created_at limit 20) and stream like 'run:%%' group by 1"""
SAID = "select substr(stream, 5) as run, seq, extract(epoch from at) as at from record_event where n is not null"
# From the click (the run's row) to the first line its agent wrote, for runs that found a place at once.
FIRST = """select extract(epoch from e.at - r.created_at) * 1000 as ms from record_run r
    join record_event e on e.stream = 'run:' || r.id and e.seq = (select min(seq) from record_event f
    where f.stream = e.stream and f.n is not null)
    where r.id in (select id from record_run order by created_at limit 20)"""
# From the decision to the agent's "applied", stored with its next step.
GOES_ON = (
    "select extract(epoch from ended_at - at) * 1000 as ms from record_command where verb = 'approve' and for_agent"
)


def spread(house: House, sql: str) -> dict[str, float]:
    return spread_of([float(row["ms"]) for row in house.rows(sql)])


def spread_of(figures: list[float]) -> dict[str, float]:
    found = sorted(figures)
    return {
        "p50": round(statistics.median(found)),
        "p95": round(found[int(len(found) * 0.95) - 1]),
        "most": round(found[-1]),
    }


def show(figures: Figures) -> None:
    OUT.mkdir(exist_ok=True)
    path = OUT / "fleet.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {str(figures["runs"]): figures}, indent=2))
    print(f"\n  {'figure':<32}value")
    for name, value in figures.items():
        told = "  ".join(f"{key} {inner}" for key, inner in value.items()) if isinstance(value, dict) else value
        print(f"  {name:<32}{told}")
