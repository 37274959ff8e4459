"""Jira in the settings: connected, tested, a query tried, watched; what came in is shown and can be worked again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import EMAIL, TOKEN, Demo
from quarterdeck.outside.tracker.jira.demo.site import IDA
from testkit.browser import person
from testkit.desk import Desk
from testkit.house import House
from testkit.waiting import until

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parent / "shots"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with Demo(larkfield()) as one:
        yield one


def connect(page: Page, demo: Demo) -> None:
    page.get_by_role("button", name="Connect Jira").click()
    page.get_by_label("Address", exact=True).fill(demo.url)
    page.get_by_label("Mail address of the token's account").fill(EMAIL)
    page.get_by_role("textbox", name="API token").fill(TOKEN)
    page.get_by_role("button", name="Connect", exact=True).click()


def removed(page: Page, house: House) -> None:
    """What stays and what goes is said first; kept once, then removed: nothing of it is left, for no run worked on it."""
    jira = page.get_by_role("article", name="Jira")
    jira.get_by_role("button", name="Remove").click()
    asked = page.get_by_role("dialog", name="Remove Jira?")
    expect(asked).to_contain_text("Tickets that runs worked on stay as they are now")
    asked.get_by_role("button", name="Keep it").click()
    expect(jira).to_be_visible()
    jira.get_by_role("button", name="Remove").click()
    asked.get_by_role("button", name="Remove Jira").click()
    expect(page.get_by_text("No Jira is connected yet.")).to_be_visible()
    assert house.value("select count(*) from record_connection where kind in ('tracker', 'removed')") == 0
    assert house.value("select count(*) from record_ticket where connection_id is not null") == 0


def test_jira_is_connected_tried_and_watched(browser: Browser, house: House, demo: Demo) -> None:
    desk = Desk(house)
    alice = person(browser, house).sign_in()
    page = alice.page("/settings?part=Trackers")
    connect(page, demo)
    jira = page.get_by_role("article", name="Jira")
    jira.get_by_role("button", name="Test").click()
    expect(jira.get_by_role("list", name="What the test found").get_by_role("listitem").first).to_be_visible()

    jira.get_by_role("button", name="Set up Larkfield").click()
    form = jira.get_by_role("form", name="What feeds Larkfield")
    form.get_by_label("Jira projects").fill("LARK")
    form.get_by_label("Only tickets that match (JQL)").fill("labels = a b")
    form.get_by_role("button", name="Show what matches").click()
    expect(form.get_by_role("alert")).to_contain_text("(line 1, character")
    form.get_by_label("Named by a label that begins with").fill("code/")
    form.get_by_label("Only tickets that match (JQL)").fill("")
    form.get_by_role("button", name="Show what matches").click()
    expect(form.get_by_role("list", name="Matching tickets").get_by_role("listitem").first).to_be_visible()
    page.screenshot(path=SHOTS / "settings-jira-watch-light-1440.png", full_page=True)
    form.get_by_role("button", name="Watch").click()
    expect(jira.get_by_text("1 Jira project: LARK")).to_be_visible()
    assert desk.get("/trackers")[0]["watches"][0]["repositories"]["label"] == "code/"  # type: ignore[index]

    jira.get_by_role("button", name="Make a new secret").click()
    secret = jira.get_by_label("Its secret. It is shown once.").input_value()
    demo.deliverer.url = jira.get_by_label("Address for a webhook in Jira").input_value()
    demo.deliverer.secret = secret
    row = next(iter(demo.site.issues.values()))
    demo.site.edit(IDA, row, {"summary": "Edited in Jira"})
    title = "select title from record_ticket where connection_id is not null and external_id = %s"
    until(lambda: house.value(title, row["id"]) == "Edited in Jira", 60, what="the edit to arrive")
    alice.go(page, "/settings?part=Trackers")
    again = jira.get_by_role("button", name=f"Deliver {row['key']} again").first
    again.click()
    expect(page.get_by_text("It is worked again.")).to_be_visible()
    for width, height in ((1440, 1600), (390, 2400)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            expect(page.locator(f"html[data-theme={theme}]")).to_be_attached()
            page.screenshot(path=SHOTS / f"settings-jira-{theme}-{width}.png")
    assert desk.get("/trackers")[0]["lastWebhook"]  # type: ignore[index]

    alice.watch.expected.append(r"status of 422 .*/api/v1/trackers/")
    jira.get_by_role("button", name="Edit").click()
    jira.get_by_label("Address", exact=True).fill("https://elsewhere.example")
    jira.get_by_role("button", name="Save", exact=True).click()
    expect(jira.get_by_role("alert")).to_contain_text("gets no token that was entered for this one")
    jira.get_by_role("button", name="Cancel").click()
    removed(page, house)
    alice.watch.calm()
    alice.context.close()
