"""The product in one file: Alice gives eight tickets to agents and brings all of it into main. Read this first.

Everything is real: the processes of `quarterdeck up`, the database, git, the agents in their sandboxes, the tests they run.
Only the model is the rehearsal model, which plays the sample's tickets. The tests stand in the order of the story.
"""

import subprocess
from collections.abc import Iterator

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.house import SERVICES, House, NewHouse, living
from testkit.waiting import until

pytestmark = pytest.mark.story
TICKETS = [f"LARK-{n}" for n in range(1, 9)]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with living(NewHouse) as one:
        one.change("""update record_project set dials = dials || '{"linger": 2}'""")
        yield one


@pytest.fixture(scope="module")
def alice(house: House) -> Desk:
    return Desk(house)


def git(house: House, *words: str) -> str:
    """Of the project's own repository, where the work is merged."""
    origin = ["git", "--git-dir", str(house.data / "origins" / "larkfield.git")]
    return subprocess.run([*origin, *words], check=True, capture_output=True, text=True).stdout


def test_three_tickets_are_assigned_at_once_and_each_gets_one_run(alice: Desk) -> None:
    lines = alice.assign("LARK-1", "LARK-2", "LARK-6", key="monday")
    assert [line["fate"] for line in lines] == ["applied"] * 3
    again = alice.assign("LARK-1", "LARK-2", "LARK-6", key="monday")
    assert [line["run"] for line in again] == [line["run"] for line in lines]
    refused = alice.assign("LARK-1")
    assert refused[0]["fate"] == "rejected"
    assert "open run" in refused[0]["why"]


def test_an_unclear_ticket_asks_and_the_answer_decides_what_is_written(alice: Desk) -> None:
    question = alice.asked("LARK-6", "question")
    assert question["body"]["ask"] == "Free shipping from 50.00: which sum decides?"
    alice.answer("answer", question, choice="after")
    plan = alice.asked("LARK-6", "plan")
    assert "larkfield/orders.py" in str(plan["body"]["plan"])
    alice.answer("approve", plan)


def test_two_plans_are_approved_with_one_action(alice: Desk) -> None:
    plans = [alice.asked(key, "plan") for key in ("LARK-1", "LARK-2")]
    receipt = alice.answer("approve", *plans)
    assert {line["ticketKey"] for line in receipt} == {"LARK-1", "LARK-2"}
    assert {line["fate"] for line in receipt} == {"pending"}


def test_the_platform_reruns_the_tests_and_says_which_were_red_before(alice: Desk) -> None:
    for key in ("LARK-1", "LARK-2", "LARK-6"):
        alice.asked(key, "review")
        found = alice.house.value("select evidence from record_proposal where run_id = %s and not void", alice.run(key))
        assert found["verdict"] == "passed", found
        assert found["f2p"], f"{key}: no test was red before"
        assert not found["broken"]


def test_a_review_is_sent_back_with_words_and_comes_again(alice: Desk, house: House) -> None:
    first = alice.asked("LARK-2", "review")
    lines = alice.decide("redirect", "LARK-2", words="Is the plain u for ü really in the test?")
    assert lines[0]["fate"] == "applied"
    until(lambda: alice.phase("LARK-2") != "review" or alice.asked("LARK-2", "review")["id"] != first["id"], 30)
    assert alice.asked("LARK-2", "review")["id"] != first["id"]
    proposals = house.rows("select void from record_proposal where run_id = %s order by sealed_at", alice.run("LARK-2"))
    assert [one["void"] for one in proposals] == [True, False]


def test_what_is_approved_is_merged_and_main_shows_the_commit(alice: Desk, house: House) -> None:
    alice.merge("LARK-1")
    alice.becomes("LARK-1", "merged")
    approved = house.value("select head from record_approval where run_id = %s", alice.run("LARK-1"))
    assert git(house, "rev-parse", "main^2").strip() == approved
    assert "Merge LARK-1: Full refund" in git(house, "log", "-1", "--format=%B", "main")
    assert alice.merge_again("LARK-1") == ["rejected"]


def test_the_next_one_is_tested_together_with_what_was_merged_meanwhile(alice: Desk, house: House) -> None:
    for key in ("LARK-2", "LARK-6"):
        alice.merge(key)
    for key in ("LARK-2", "LARK-6"):
        alice.becomes(key, "merged")
        checks = "select name, state from record_check where run_id = %s and name like 'merge %%' and state = 'passed'"
        assert house.rows(checks, alice.run(key))
    assert "if self.goods() >= FREE_FROM" in git(house, "show", "main:larkfield/orders.py")


def test_an_agent_is_redirected_in_the_middle_of_its_work(alice: Desk, house: House) -> None:
    alice.assign("LARK-7", "LARK-8", "LARK-3")
    alice.answer("approve", alice.asked("LARK-7", "plan"))
    until(lambda: alice.events("LARK-7", "edited"), what="the first edit")
    lines = alice.decide("redirect", "LARK-7", words="Just use money.to_text in the feed.", mode="interrupt")
    assert lines[0]["fate"] == "pending"
    alice.answer("approve", *[alice.asked(key, "plan") for key in ("LARK-8", "LARK-3")])
    alice.asked("LARK-7", "review")
    told = house.rows("select fate, why from record_command where id = %s", lines[0]["command"])[0]
    assert told["fate"] == "applied", told
    changed = [file["path"] for file in alice.get(f"/reviews/{alice.run('LARK-7')}")["diff"]["files"]]
    assert changed == ["larkfield/catalog.py", "tests/test_catalog.py"]


def test_a_spent_budget_asks_and_a_raise_lets_the_agent_finish(alice: Desk) -> None:
    budget = alice.asked("LARK-8", "budget")
    assert "under the cap" in budget["body"]["ask"]
    spent = alice.spent("LARK-8")
    assert 0 < spent <= 1_000_000
    alice.answer("raise budget", budget, amountMicro=2_500_000)
    alice.asked("LARK-8", "review")
    assert alice.row("LARK-8")["cap_micro"] == 2_500_000
    assert 1_000_000 < alice.spent("LARK-8") < 2_500_000


def test_a_first_version_that_fails_its_own_test_is_repaired_before_anybody_sees_it(alice: Desk) -> None:
    alice.asked("LARK-3", "review")
    assert any(event["body"]["failed"] for event in alice.events("LARK-3", "tested"))
    for key in ("LARK-7", "LARK-8", "LARK-3"):
        alice.merge(key)


def test_of_two_that_conflict_the_second_comes_back_with_both_sides(alice: Desk, house: House) -> None:
    alice.assign("LARK-4", "LARK-5", planDial="auto")
    for key in ("LARK-4", "LARK-5"):
        alice.asked(key, "review")
    for key in ("LARK-4", "LARK-5"):
        alice.merge(key)
    first = until(lambda: next((key for key in ("LARK-4", "LARK-5") if alice.phase(key) == "merged"), ""), 120)
    second = "LARK-5" if first == "LARK-4" else "LARK-4"
    until(lambda: any(move["body"]["reason"] == "conflict" for move in alice.events(second, "moved")), 120)
    alice.asked(second, "review")
    alice.merge(second)
    alice.becomes(second, "merged")
    both = git(house, "show", "main:larkfield/shipping.py")
    assert "EXPRESS = 4_50" in both
    assert "ISLAND = 6_00" in both


def test_all_eight_are_on_main_once_and_the_record_has_no_hole(alice: Desk, house: House) -> None:
    for key in TICKETS:
        alice.becomes(key, "merged")
    titles = [
        line for line in git(house, "log", "--first-parent", "--format=%s", "main").splitlines() if "Merge" in line
    ]
    assert sorted(title.split(":")[0] for title in titles) == [f"Merge {key}" for key in TICKETS]
    done = "select count(*) from record_ticket where category = 'done'"
    until(lambda: house.value(done) == len(TICKETS), 30, what="all tickets to be done")
    assert history.check(history.read(house)) == []
    for service in SERVICES:
        assert "Traceback" not in house.log(service), f"{service}: {house.log(service)[-3000:]}"
