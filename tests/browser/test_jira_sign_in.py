"""A Jira Cloud by signing in, and an epic of it planned into tickets: what the owner clicks, and what then stands in Jira."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import CLIENT_ID, CLIENT_SECRET, Demo
from quarterdeck.outside.tracker.jira.demo.site import IDA
from testkit.browser import person
from testkit.desk import Desk
from testkit.house import House, living
from testkit.waiting import until

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parent / "shots"
PARTS = "We want:\n\n- Show the postage early\n- Round once, at the end\n- Tell the price in the mail\n"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with Demo(larkfield()) as one:
        epic = one.site.find("LARK-9")
        assert epic is not None
        one.site.edit(IDA, epic, {"description": document(PARTS)})
        yield one


@pytest.fixture(scope="module")
def house(demo: Demo) -> Iterator[House]:
    """One signs in at the demonstration instead of at Atlassian."""
    with living(QUARTERDECK_ATLASSIAN_LOGIN=demo.url, QUARTERDECK_ATLASSIAN_GATEWAY=demo.url) as one:
        yield one


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Connect Jira").click()
    page.get_by_label("Kind").select_option("client")
    page.get_by_label("Client id").fill(CLIENT_ID)
    page.get_by_label("Client secret").fill(CLIENT_SECRET)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name="Sign in at Atlassian").click()
    expect(page.get_by_role("heading", name="Open larkfield to Quarterdeck?")).to_be_visible()
    page.get_by_role("button", name="Accept").click()


def test_the_owner_signs_in_watches_and_plans_an_epic_into_tickets(browser: Browser, house: House, demo: Demo) -> None:
    Desk(house)
    alice = person(browser, house).sign_in()
    alice.watch.expected.append(f"left the origin: {demo.url}")
    page = alice.page("/settings?part=Trackers")
    sign_in(page)
    jira = page.get_by_role("article", name="Jira")
    expect(jira.get_by_role("button", name="Sign in again")).to_be_visible()
    jira.get_by_role("button", name="Set up Larkfield").click()
    form = jira.get_by_role("form", name="What feeds Larkfield")
    form.get_by_label("Jira projects").fill("LARK")
    form.get_by_label("Status: Ready for review").fill("In Review")
    form.get_by_label("Label: Being worked").fill("agent-works")
    page.screenshot(path=SHOTS / "settings-jira-signed-in-light-1440.png", full_page=True)
    form.get_by_role("button", name="Watch").click()
    expect(jira.get_by_text("1 Jira project: LARK")).to_be_visible()
    until(lambda: list(demo.hooks.values()), 90, what="a webhook of our own")
    until(
        lambda: house.value("select count(*) from record_ticket where connection_id is not null") == 9,
        60,
        what="tickets",
    )

    epic = house.value("select id from record_ticket where key = 'LARK-9' and connection_id is not null")
    alice.go(page, f"/tickets?ticket={epic}")
    page.get_by_role("article", name="LARK-9").get_by_role("button", name="Plan into tickets").click()
    proposed = page.get_by_role("form", name="Proposed tickets")
    expect(proposed.get_by_role("button", name="Draft lines")).to_be_disabled()
    expect(proposed.get_by_role("status")).to_contain_text("No model: this project's runs are rehearsed.")
    expect(proposed.get_by_label("Title of ticket 1")).to_have_value("Show the postage early")
    proposed.get_by_label("Title of ticket 2").fill("Round the sum once")
    proposed.get_by_role("button", name="Leave out ticket 3").click()
    page.screenshot(path=SHOTS / "epic-proposed-light-1440.png")
    before = len(demo.site.issues)
    proposed.get_by_role("button", name="Create 2 tickets").click()
    expect(page.get_by_role("list", name="Tickets of this epic").get_by_text("LARK-11")).to_be_visible(timeout=30_000)
    titles = [row["fields"]["summary"] for row in list(demo.site.issues.values())[before:]]
    assert titles == ["Show the postage early", "Round the sum once"]
    alice.watch.calm()
    alice.context.close()
