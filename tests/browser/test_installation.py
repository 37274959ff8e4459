"""Settings of the queue and of places, what is stuck outside, and a repository's login: entered, shown, kept."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from testkit.browser import person
from testkit.desk import Desk
from testkit.house import House
from testkit.waiting import until

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parent / "shots"
STUCK = (
    "insert into record_outbox (id, key, kind, body, state, tries, failures, why) select gen_random_uuid(), 'tracker:' || id,"
    " 'transition', jsonb_build_object('ticket', id, 'category', 'todo'), 'stuck', 5, 5,"
    " 'It failed in a way that was not foreseen (KeyError); the log has the rest.' from record_ticket where key = %s"
)


@pytest.fixture(scope="module", autouse=True)
def desk(house: House) -> Desk:
    return Desk(house)


def limits_of(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.rows("select limits from record_project")[0]["limits"]
    return found


def saved(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words).or_(page.get_by_text(words)).first).to_be_visible()


def test_a_projects_part_and_places_are_entered_and_kept(browser: Browser, house: House) -> None:
    alice = person(browser, house).sign_in()
    page = alice.page("/settings?part=Projects")
    page.get_by_label("Weight").fill("3")
    page.get_by_label("Weight").blur()
    saved(page, "has weight 3 in the queue")
    page.get_by_label("Image").fill("Not An Image")
    page.get_by_label("Image").press("Enter")
    saved(page, "'Not An Image' is no name of an image.")
    expect(page.get_by_text("Not saved.")).to_be_visible()
    page.get_by_label("Image").press("Escape")
    expect(page.get_by_label("Image")).to_have_value("")
    page.get_by_label("Memory").fill("a lot")
    page.get_by_label("Memory").blur()
    saved(page, "Memory cannot be read as it is written.")
    # Left one after the other in a moment: none writes over the one before.
    page.get_by_label("Image").fill("team/app:1.2")
    page.get_by_label("Memory").fill("4096")
    page.get_by_label("Node selector").fill("disk=ssd")
    page.get_by_label("Node selector").blur()
    saved(page, "Node selector of Larkfield saved, for runs that start from now on")
    expect(page.get_by_role("button", name=re.compile("^Save"))).to_have_count(0)
    page.screenshot(path=SHOTS / "settings-places-light-1440.png", full_page=True)
    limits = limits_of(house)
    assert (limits["image"], limits["memory_mb"], limits["node_selector"]) == ("team/app:1.2", 4096, {"disk": "ssd"})
    page.get_by_label("Image").fill("")
    page.get_by_label("Image").blur()
    until(lambda: "image" not in limits_of(house), 20, what="the image to go")
    alice.watch.expected.append("422")
    alice.watch.calm()


def test_a_stuck_effect_is_tried_again_or_given_up_by_the_owner(browser: Browser, house: House) -> None:
    for key in ("LARK-3", "LARK-4"):
        house.change(STUCK, key)
    alice = person(browser, house).sign_in()
    page = alice.page("/fleet")
    page.get_by_role("link", name="Try again or give up").click()
    outbox = page.get_by_role("list", name="Outgoing updates")
    expect(outbox.get_by_text("stuck", exact=True)).to_have_count(2)
    page.screenshot(path=SHOTS / "settings-installation-light-1440.png", full_page=True)
    outbox.get_by_role("listitem").filter(has_text="LARK-4").get_by_role("button", name="Give up").click()
    page.get_by_role("button", name="Give it up").click()
    expect(outbox.get_by_text("LARK-4")).to_have_count(0)
    outbox.get_by_role("listitem").filter(has_text="LARK-3").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Everything is sent.")).to_be_visible()
    assert [row["n"] for row in house.rows("select count(*) n from record_outbox where state = 'dropped'")] == [1]
    alice.watch.calm()


def test_who_waits_is_shown_in_order_and_a_lower_priority_goes_behind(
    browser: Browser, house: House, desk: Desk
) -> None:
    alice = person(browser, house).sign_in()
    page = alice.page("/settings?part=Installation")
    page.get_by_label("Places in all").fill("0")
    page.get_by_label("Places in all").blur()
    saved(page, "0 places in all")
    desk.assign("LARK-1", "LARK-2")
    alice.go(page, "/fleet")
    queue = page.get_by_role("list", name="Queue").get_by_role("listitem")
    expect(queue).to_have_count(2)
    expect(queue.nth(1)).to_contain_text("waits for a place in all: 0 of 0 in use")
    first = queue.nth(0).locator(".mono").inner_text()
    page.get_by_label(f"Priority of {first}").select_option("Low")
    expect(queue.nth(1)).to_contain_text(first)
    page.screenshot(path=SHOTS / "fleet-queue-light-1440.png", full_page=True)
    alice.watch.calm()


AGENT = {
    "run": "00000000-0000-7000-8000-000000000000", "ticketKey": "LARK-9", "title": "A till", "epoch": 2, "state": "running",
    "place": "qd-attempt-of-a-run-with-a-long-name", "startedAt": 0, "lastSignAt": None, "doing": "Reads the tests of the till",
}  # fmt: skip


def test_a_phone_shows_what_agents_do_and_how_the_parts_are_without_scrolling_sideways(
    browser: Browser, house: House
) -> None:
    alice = person(browser, house, width=390, height=844).sign_in()
    page = alice.page()

    def one_works(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"attempts": [AGENT]})

    page.route("**/api/v1/fleet", one_works)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        alice.go(page, "/fleet")
        doing = page.get_by_text(AGENT["doing"]).locator("visible=true")
        doing.scroll_into_view_if_needed()
        box = doing.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390, box
        page.screenshot(path=SHOTS / f"fleet-agents-{theme}-390.png")
    page.get_by_text("gives runs their places").scroll_into_view_if_needed()
    expect(page.get_by_text("Scheduler").locator("visible=true")).to_be_visible()
    table = page.get_by_role("region", name="Agents at work, table")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    alice.watch.calm()


def test_a_repositorys_login_goes_in_and_never_comes_back(browser: Browser, house: House) -> None:
    house.change("update record_repository set url = 'https://git.example/team/lark.git'")
    alice = person(browser, house).sign_in()
    page = alice.page("/settings?part=Projects")
    page.get_by_label("User", exact=False).first.fill("oauth2")
    page.get_by_label("Password or token").fill("s3cret-token")
    page.get_by_role("button", name="Save login").click()
    expect(page.get_by_text("a secret is stored")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password or token")).to_have_value("")
    assert "s3cret-token" not in page.content()
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_text("none is stored")).to_be_visible()
    alice.watch.calm()


def test_a_guessed_address_leads_where_it_means_and_a_wrong_one_says_what_there_is(
    browser: Browser, house: House
) -> None:
    alice = person(browser, house).sign_in()
    page = alice.page()
    for guess in ("/settings/projects", "/projects", "/projects/LARK"):
        alice.go(page, guess)
        page.wait_for_url("**/settings?part=Projects*")
        expect(page.get_by_role("heading", name="Larkfield")).to_be_visible()
        expect(page.get_by_text("No project")).to_have_count(0)
    alice.go(page, "/settings/projects/LRAK")
    expect(page.get_by_text("No project LRAK")).to_be_visible()
    page.screenshot(path=SHOTS / "settings-no-project-light-1440.png")
    page.get_by_role("link", name="LARK", exact=True).click()
    expect(page.get_by_text("No project LRAK")).to_have_count(0)
    page.goto(f"{house.address}/settings/nothing-by-this-name")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Settings").click()
    page.wait_for_url("**/settings")
    alice.watch.calm()
