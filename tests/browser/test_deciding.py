"""Deciding by keys, taking it back, deciding beside others, and not deciding while the line is cut or the right is missing."""

import contextlib
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from testkit.browser import Person, card, notice, open_request, person, row
from testkit.desk import Desk
from testkit.house import House
from testkit.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    """Four plans wait and their agents have parked: what is decided now is read by nobody until there is a place."""
    one = Desk(house)
    house.change("""update record_project set dials = dials || '{"linger": 1}'""")
    one.assign("LARK-1", "LARK-2", "LARK-3", "LARK-4")
    for ticket in ("LARK-1", "LARK-2", "LARK-3", "LARK-4"):
        one.asked(ticket, "plan")
    until(lambda: house.value("select count(*) from record_attempt where state = 'parked'") == 4, what="four to park")
    house.change("update record_project set places = 0")
    return one


@pytest.fixture(scope="module")
def alice(browser: Browser, house: House, desk: Desk) -> Iterator[Person]:
    one = person(browser, house).sign_in()
    one.watch.expected += ["ERR_INTERNET_DISCONNECTED", "WebSocket connection"]
    yield one
    one.context.close()


@pytest.fixture
def page(alice: Person) -> Iterator[Page]:
    one = alice.page("/inbox")
    expect(one.get_by_role("list", name="Requests").get_by_role("listitem").first).to_be_visible()
    yield one
    one.close()
    alice.watch.calm()


def guest(browser: Browser, alice: Person, name: str, role: str) -> Person:
    """Alice invites somebody with a role; he comes in by his link and has it."""
    page = alice.page("/settings?part=People")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Mail address").fill(f"{name.lower()}@example.org")
    page.get_by_label("May do").select_option(role)
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Hand this link over. It is shown once and works once.").input_value()
    assert link.startswith(f"{alice.house.address}/welcome/")
    expect(page.get_by_label(f"Role of {name} in Larkfield")).to_have_value(role)
    page.close()
    made = person(browser, alice.house)
    made.welcome(link, name).close()
    return made


@pytest.fixture(scope="module")
def bob(browser: Browser, alice: Person) -> Iterator[Person]:
    one = guest(browser, alice, "Bob", "viewer")
    one.watch.expected.append("403.*/decisions")
    yield one
    one.watch.calm()
    one.context.close()


@pytest.fixture(scope="module")
def carol(browser: Browser, alice: Person) -> Iterator[Person]:
    one = guest(browser, alice, "Carol", "supervisor")
    yield one
    one.watch.calm()
    one.context.close()


def answers(desk: Desk) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return desk.api.get("/me").is_success
    return False


def requests(page: Page) -> int:
    return page.get_by_role("list", name="Requests").get_by_role("listitem").count()


def test_the_cursor_moves_and_marks_by_keys(page: Page) -> None:
    rows = page.get_by_role("list", name="Requests").get_by_role("button")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.get_by_role("heading", name="2 requests selected, 2 runs")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Approve plan")).to_be_visible()


def test_words_go_into_a_box_and_escape_leaves_it(page: Page) -> None:
    page.keyboard.press("r")
    box = page.get_by_label("Words for the agent")
    expect(box).to_be_focused()
    page.keyboard.type("approve j k x")
    expect(box).to_have_value("approve j k x")
    expect(page.get_by_role("button", name="Redirect")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    assert requests(page) == 4


def test_a_plan_is_edited_as_text(page: Page) -> None:
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Plan").press("Control+End")
    page.keyboard.type("\nSay in the changelog what changed")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Request").get_by_text("Say in the changelog what changed")).to_be_visible()


def test_pages_and_runs_are_found_by_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys on this page")).to_contain_text("Take in new requests")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    for key, name in (("b", "Board"), ("l", "List"), ("r", "Review"), ("k", "Tickets"), ("f", "Fleet"), ("s", "Settings"), ("i", "Inbox")):  # fmt: skip  # noqa: E501
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=name, exact=True).first).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A ticket, a run, a page or something to do").fill("LARK-3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Export the orders of one month only")).to_be_visible()


def test_what_no_agent_has_read_is_taken_back(page: Page) -> None:
    open_request(page, "LARK-1", "Plan")
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("Approved LARK-1")
    expect(row(page, "LARK-1", "Plan")).to_have_count(0)
    page.keyboard.press("z")
    expect(notice(page)).to_contain_text("Undone. Nothing had been read by an agent yet.")
    open_request(page, "LARK-1", "Plan")


def test_a_request_is_snoozed_and_taken_back(page: Page) -> None:
    open_request(page, "LARK-4", "Plan")
    page.keyboard.press("s")
    expect(row(page, "LARK-4", "Plan")).to_have_count(0)
    page.get_by_role("radio", name="Snoozed").click()
    open_request(page, "LARK-4", "Plan")
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("radio", name="Open").click()
    open_request(page, "LARK-4", "Plan")


def test_bob_sees_everything_and_decides_nothing(bob: Person) -> None:
    page = bob.page("/inbox")
    expect(page.get_by_text("Bob watches: everything can be read, nothing can be decided.")).to_be_visible()
    open_request(page, "LARK-2", "Plan")
    for name in ("Approve plan", "Redirect", "Pause", "Snooze"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("You watch this project; deciding needs the right to supervise.")
    expect(row(page, "LARK-2", "Plan")).to_have_count(1)
    page.close()


def test_the_platform_refuses_bob_in_words_whatever_his_page_sends(bob: Person, desk: Desk) -> None:
    page = bob.page("/inbox")
    told = page.evaluate(
        """async (run) => {
          const token = document.cookie.match(/csrftoken=([^;]+)/)[1]
          const body = JSON.stringify({ key: "bob-1", verb: "stop", runs: [run] })
          const headers = { "content-type": "application/json", "x-csrftoken": token }
          const answer = await fetch("/api/v1/decisions", { method: "POST", headers, body })
          return { status: answer.status, ...(await answer.json()) }
        }""",
        desk.run("LARK-2"),
    )
    assert told["status"] == 403, told
    assert "supervis" in told["text"]
    assert desk.phase("LARK-2") == "waiting"
    page.close()


def test_what_somebody_else_decides_turns_grey_under_the_cursor(page: Page, carol: Person) -> None:
    theirs = carol.page("/inbox")
    open_request(page, "LARK-2", "Plan")
    open_request(theirs, "LARK-2", "Plan")
    theirs.keyboard.press("a")
    expect(notice(theirs)).to_contain_text("Approved LARK-2")
    mine = row(page, "LARK-2", "Plan")
    expect(mine).to_contain_text("Carol decided this")
    expect(page.get_by_role("button", name="Approve plan")).to_be_disabled()
    page.keyboard.press("j")
    expect(mine).to_have_count(0)
    theirs.close()


def test_a_cut_line_is_said_and_caught_up(page: Page, alice: Person, house: House, desk: Desk) -> None:
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(card(page, "Needs you", "LARK-3")).to_be_visible()
    alice.context.set_offline(True)
    house.kill("web")
    expect(page.get_by_role("alert")).to_contain_text("No connection to Quarterdeck.")
    until(lambda: answers(desk), 30, what="the doors to be open again")
    desk.decide("stop", "LARK-3")
    alice.context.set_offline(False)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(card(page, "Done", "LARK-3")).to_be_visible()
    expect(card(page, "Needs you", "LARK-3")).to_have_count(0)
    expect(page.get_by_title("State of the connections: opens fleet").get_by_text(re.compile("^Live$"))).to_be_visible()
