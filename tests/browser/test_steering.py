"""Steering a run from its page, writing tickets, and setting the house up: each with what it says back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from testkit.browser import Person, notice, person
from testkit.desk import Desk
from testkit.house import House
from testkit.provider import Provider
from testkit.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    one = Desk(house)
    one.assign("LARK-1", planDial="auto")
    one.assign("LARK-2", "LARK-7")
    return one


@pytest.fixture(scope="module")
def alice(browser: Browser, house: House, desk: Desk) -> Iterator[Person]:
    one = person(browser, house).sign_in()
    yield one
    one.context.close()


@pytest.fixture
def page(alice: Person) -> Iterator[Page]:
    one = alice.page()
    yield one
    one.close()
    alice.watch.calm()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """It also says which models it has, as OpenAI-compatible servers do."""
    one = Provider()

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] != "GET":
            return await one(scope, receive, send)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"object": "list", "data": [{"id": "small"}]}'})

    with serving(endpoint) as one.url:
        yield one


def test_a_run_is_paused_and_goes_on(alice: Person, page: Page, desk: Desk) -> None:
    desk.asked("LARK-2", "plan")
    alice.go(page, f"/runs/{desk.run('LARK-2')}")
    page.get_by_role("button", name="Pause").click()
    expect(notice(page)).to_contain_text("Pausing LARK-2")
    expect(page.locator("header").get_by_text("Paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop LARK-2").click()
    page.get_by_role("button", name="Leave it paused").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("p")
    expect(notice(page)).to_contain_text("Resuming LARK-2")
    expect(page.locator("header").get_by_text("Paused", exact=True)).to_be_hidden()


def test_a_stop_asks_first_and_names_its_target(alice: Person, page: Page, desk: Desk) -> None:
    alice.go(page, f"/runs/{desk.run('LARK-2')}")
    page.get_by_role("button", name="Stop LARK-2").click()
    asks = page.get_by_role("dialog", name="Stop LARK-2?")
    asks.get_by_role("button", name="Leave it waiting").click()
    expect(asks).to_be_hidden()
    page.get_by_role("button", name="Stop LARK-2").click()
    asks.get_by_role("button", name="Stop LARK-2").click()
    expect(page.locator("header").get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    desk.becomes("LARK-2", "cancelled")


def test_the_inbox_offers_on_a_run_that_failed_only_what_has_an_effect(
    alice: Person, page: Page, house: House, desk: Desk
) -> None:
    asked = desk.asked("LARK-7", "plan")["id"]
    house.change("update record_request set kind = 'failure', key = 'failure', interrupt = '' where id = %s", asked)
    house.change(
        "update record_run set phase = 'failed', reason = 'failed', finished_at = now() where id = %s",
        desk.run("LARK-7"),
    )
    alice.go(page, f"/inbox?request={asked}")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.get_by_role("button", name="Snooze")).to_be_visible()
    for without in ("Pause", "Redirect"):
        expect(page.get_by_role("button", name=without)).to_have_count(0)
    page.keyboard.press("p")
    page.keyboard.press("r")
    expect(notice(page)).to_have_count(0)
    expect(page.get_by_label("Words for the agent")).to_have_count(0)


def test_a_run_goes_back_to_a_step_with_words(alice: Person, page: Page, desk: Desk) -> None:
    desk.asked("LARK-1", "review")
    alice.go(page, f"/runs/{desk.run('LARK-1')}")
    step = page.get_by_role("region", name="Plan with progress").get_by_role("listitem").first
    step.hover()
    step.get_by_role("button", name="Rewind here").click()
    asks = page.get_by_role("dialog", name="Rewind LARK-1")
    expect(asks.get_by_text("stay spent")).to_be_visible()
    asks.get_by_label("Words for the agent").fill("Keep the name of the function short.")
    asks.get_by_role("button", name=re.compile("and go on$")).click()
    expect(notice(page)).to_contain_text("Rewound LARK-1")
    expect(page.get_by_text("undone", exact=True).first).to_be_attached()
    desk.becomes("LARK-1", "review")


def test_a_ticket_is_written_mended_and_talked_about(alice: Person, page: Page) -> None:
    alice.go(page, "/tickets")
    page.keyboard.press("n")
    sheet = page.get_by_role("dialog", name="New ticket")
    sheet.get_by_label("Title").fill("Say when a parcel leaves")
    sheet.get_by_label("Description").fill("Done when the invoice names the day.")
    sheet.get_by_role("button", name="Create ticket").click()
    expect(page.get_by_role("heading", name="Say when a parcel leaves")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Title").fill("Say on which day a parcel leaves")
    page.get_by_role("button", name="Save ticket").click()
    expect(page.get_by_role("heading", name="Say on which day a parcel leaves")).to_be_visible()
    page.get_by_role("textbox", name="Comment").fill("The carrier tells us at noon.")
    page.get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("listitem").filter(has_text="The carrier tells us at noon.")).to_contain_text("Alice")


def test_the_projects_repository_is_tested_in_facts(alice: Person, page: Page) -> None:
    alice.go(page, "/settings?part=Projects")
    page.get_by_role("button", name="Check that it can be read").click()
    facts = page.get_by_role("list", name="What the test found").get_by_role("listitem")
    expect(facts.first).to_be_visible()
    expect(facts.filter(has=page.get_by_label("needs mending"))).to_have_count(0)
    page.get_by_label("Branch").fill("no-such-branch")
    page.get_by_label("Branch").blur()
    expect(facts.filter(has=page.get_by_label("needs mending"))).not_to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Branch")).to_have_value("main")
    expect(facts.filter(has=page.get_by_label("needs mending"))).to_have_count(0)


def test_a_model_endpoint_is_added_and_tested_by_a_real_call(alice: Person, page: Page, provider: Provider) -> None:
    alice.go(page, "/settings?part=Models")
    page.get_by_role("button", name="Add endpoint").click()
    page.get_by_label("Name", exact=True).fill("Local")
    page.get_by_label("Base URL").fill(provider.url + "/v1")
    page.get_by_label("Key").fill("sk-nobody-may-read-this")
    page.get_by_label("Model 1", exact=True).fill("small")
    page.get_by_label("Price in of model 1").fill("0.10")
    page.get_by_label("Price out of model 1").fill("0.20")
    page.get_by_label("Context of model 1").fill("8192")
    page.get_by_role("button", name="Save endpoint").click()
    endpoint = page.get_by_role("list", name="Endpoints").get_by_role("listitem").filter(has_text="Local").first
    endpoint.get_by_role("button", name="Test").click()
    facts = endpoint.get_by_role("list", name="What the test found").get_by_role("listitem")
    expect(facts.filter(has=page.get_by_label("works"))).not_to_have_count(0)
    assert any("sk-nobody-may-read-this" in one.get("authorization", "") for one in provider.headers)
    assert "sk-nobody-may-read-this" not in page.content()
    provider.does[:] = ["500"]
    endpoint.get_by_role("button", name="Test").click()
    expect(facts.filter(has=page.get_by_label("needs mending"))).not_to_have_count(0)


def test_an_api_token_is_shown_once(alice: Person, page: Page) -> None:
    alice.go(page, "/settings?part=API%20tokens")
    page.get_by_label("What it is for").fill("the command line")
    page.get_by_role("button", name="Make token").click()
    secret = page.get_by_label("Copy it now. It is shown once.").input_value()
    assert secret.startswith("qdu_")
    page.reload()
    expect(page.get_by_text("the command line")).to_be_visible()
    assert secret not in page.content()
    token = page.get_by_role("list", name="Tokens").get_by_role("listitem").filter(has_text="the command line")
    token.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke the command line").click()
    expect(token).to_have_count(0)


def test_a_dial_applies_at_once_and_is_taken_back(alice: Person, page: Page) -> None:
    alice.go(page, "/settings?part=Projects")
    gate = page.get_by_label("Plan gate")
    gate.select_option("auto")
    expect(notice(page)).to_contain_text("Plan gate of Larkfield")
    page.keyboard.press("z")
    expect(gate).to_have_value("ask")


def test_a_ticket_of_ones_own_says_what_the_rehearsal_model_would_do_with_it(alice: Person, page: Page) -> None:
    alice.go(page, "/board")
    page.keyboard.press("n")
    sheet = page.get_by_role("dialog", name="New ticket")
    expect(sheet.get_by_text("The rehearsal model plays the sample's tickets only")).to_be_visible()
    sheet.get_by_label("Title").fill("Wrap gifts in paper")
    sheet.get_by_label("Description").fill("Done when an order can ask for paper and the invoice shows it.")
    sheet.get_by_role("button", name="Create ticket").click()
    ticket = page.get_by_role("region", name="Ticket")
    expect(ticket.get_by_text("an agent would read this one and give up")).to_be_visible()
    expect(ticket.get_by_role("link", name="Add a model")).to_have_attribute("href", re.compile("part=Models"))


def test_a_ticket_is_found_by_words_of_its_title(alice: Person, page: Page) -> None:
    alice.go(page, "/board")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A ticket, a run, a page or something to do").fill("islands surcharge")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Parcels to the islands cost a surcharge")).to_be_visible()


def test_the_audit_says_in_words_who_did_what_to_which_ticket(alice: Person, page: Page, desk: Desk) -> None:
    alice.go(page, "/settings?part=Audit")
    lines = page.get_by_role("region", name="Audit lines").get_by_role("row")
    expect(lines.filter(has_text="Alice gave LARK-1 to an agent")).to_have_count(1)
    stopped = lines.filter(has_text="Alice stopped LARK-2")
    expect(lines.filter(has_text="moved")).to_have_count(0)
    stopped.get_by_role("link", name="LARK-2").click()
    page.wait_for_url(f"**/runs/{desk.run('LARK-2')}")


def test_a_word_of_the_health_strip_is_explained(alice: Person, page: Page) -> None:
    alice.go(page, "/board")
    page.get_by_role("link", name=re.compile("^Outgoing updates")).focus()
    expect(page.get_by_role("tooltip")).to_contain_text("Outgoing updates: what is sent outside")
