"""The product by clicks and keys: from the owner's first sign-in to a commit on main. The tests stand in the order of the story."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from testkit.browser import Person, card, git, notice, open_request, person, receipt, take_in
from testkit.house import House

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def alice(browser: Browser, house: House) -> Iterator[Person]:
    one = person(browser, house, tour=True)
    one.watch.expected.append("404.*/welcome/")
    yield one
    one.context.close()


@pytest.fixture(scope="module")
def page(alice: Person) -> Page:
    """Alice's inbox. She came through the link that the launcher printed."""
    return alice.welcome(alice.house.link, "Alice")


@pytest.fixture(scope="module")
def board(alice: Person, page: Page) -> Page:
    """A second tab that is opened once and never read again: what moves there moved by itself."""
    one = alice.page("/board")
    one.evaluate("globalThis.neverReloaded = true")
    return one


@pytest.fixture(autouse=True)
def nothing_odd(alice: Person) -> Iterator[None]:
    yield
    alice.watch.calm()


def assign(page: Page, *tickets: str) -> None:
    page.keyboard.press("c")
    sheet = page.get_by_role("dialog", name="Start runs")
    for ticket in tickets:
        sheet.get_by_role("checkbox", name=f"Pick {ticket}", exact=True).click()
    sheet.get_by_role("button", name=re.compile("^Start ")).click()
    expect(sheet).to_be_hidden()


def test_the_owner_comes_in_by_the_link_and_is_shown_around(page: Page, house: House) -> None:
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page.get_by_text("Rehearsal: a scripted model plays the agent")).to_be_visible()
    page.get_by_role("complementary", name="Tour").get_by_role("button", name="End tour").click()
    expect(page.get_by_role("heading", name="Nobody waits for you")).to_be_visible()
    again = page.context.new_page()
    again.goto(house.link)
    expect(again.get_by_role("button", name="Come in")).to_be_hidden()
    again.close()


def test_three_tickets_are_given_to_agents_at_once(page: Page, board: Page) -> None:
    assign(page, "LARK-1", "LARK-2", "LARK-6")
    expect(notice(page)).to_contain_text("3 runs queued")
    expect(receipt(page)).to_have_count(0)
    page.get_by_role("button", name="Close notice").click()
    for ticket in ("LARK-1", "LARK-2", "LARK-6"):
        expect(card(board, "Needs you", ticket)).to_be_visible()


def test_a_question_is_answered_where_it_is_read(page: Page) -> None:
    open_request(page, "LARK-6", "Question")
    expect(page.get_by_role("heading", name="Free shipping from 50.00: which sum decides?")).to_be_visible()
    expect(page.get_by_role("radio")).not_to_have_count(0)
    page.keyboard.press("1")
    expect(page.get_by_role("radio").first).to_be_checked()
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("Answered LARK-6")
    open_request(page, "LARK-6", "Plan")
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("Approved LARK-6")


def test_two_plans_are_approved_with_one_action_and_each_run_answers(page: Page) -> None:
    for ticket in ("LARK-1", "LARK-2"):
        take_in(page, ticket, "Plan").get_by_role("button").click()
        page.keyboard.press("x")
    expect(page.get_by_role("heading", name="2 requests selected, 2 runs")).to_be_visible()
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("Approved 2 runs")
    expect(receipt(page)).to_have_count(2)
    expect(receipt(page).filter(has_text="LARK-1")).to_have_count(1)
    expect(receipt(page).filter(has_text="LARK-2")).to_have_count(1)
    page.get_by_role("button", name="Close notice").click()


def test_an_agent_is_redirected_in_the_middle_of_its_work(alice: Person, page: Page, house: House) -> None:
    assign(page, "LARK-7")
    open_request(page, "LARK-7", "Plan")
    page.keyboard.press("a")
    expect(notice(page)).to_contain_text("Approved LARK-7")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A ticket, a run, a page or something to do").fill("LARK-7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_text("Edited larkfield/money.py").first).to_be_visible()
    page.keyboard.press("r")
    page.get_by_role("radio", name="Now: end the command").click()
    page.get_by_label("Words for the agent").fill("Just use money.to_text in the feed.")
    page.keyboard.press("Control+Enter")
    expect(notice(page)).to_contain_text("Redirected LARK-7")
    facts = page.get_by_role("complementary", name="Facts")
    expect(facts.get_by_role("listitem").filter(has_text="Just use money.to_text")).to_contain_text(
        "the agent has taken it up"
    )
    page.keyboard.press("g")
    page.keyboard.press("i")
    open_request(page, "LARK-7", "Review")
    page.keyboard.press("a")
    expect(page.get_by_text("larkfield/catalog.py").first).to_be_visible()
    expect(page.get_by_text("larkfield/money.py")).to_have_count(0)


def test_evidence_is_read_first_then_the_code_then_it_is_merged(page: Page, board: Page, house: House) -> None:
    expect(card(board, "Ready", "LARK-1")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("i")
    open_request(page, "LARK-1", "Review")
    page.keyboard.press("a")
    page.wait_for_url("**/review/*")
    evidence = page.get_by_role("heading", name="Evidence")
    code = page.locator("[data-line]").first
    expect(evidence).to_be_in_viewport()
    expect(code).to_be_attached()
    assert evidence.bounding_box()["y"] < code.bounding_box()["y"]  # type: ignore[index]
    expect(page.get_by_role("row").filter(has_text="Failed before, pass now")).to_contain_text("1")
    page.keyboard.press("a")
    expect(
        page.get_by_role("dialog").get_by_role("heading", name=re.compile("^Approve and merge [0-9a-f]{7}\\?$"))
    ).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox*")
    expect(notice(page)).to_contain_text(re.compile("Merging LARK-1|LARK-1: merged"))


def test_the_card_moves_by_itself_and_main_has_the_commit(board: Page, house: House) -> None:
    expect(card(board, "Done", "LARK-1")).to_be_visible()
    expect(card(board, "Ready", "LARK-1")).to_have_count(0)
    assert board.evaluate("globalThis.neverReloaded") is True
    assert "Merge LARK-1: Full refund" in git(house, "log", "-1", "--format=%B", "main")


def test_two_reviews_are_approved_with_one_action_and_both_are_on_main(page: Page, board: Page, house: House) -> None:
    page.get_by_role("button", name="Close notice").click()
    picked = page.get_by_role("region", name="Selected requests").get_by_role("listitem")
    for ticket in ("LARK-2", "LARK-6"):
        take_in(page, ticket, "Review")
    # From the review page all of them come to the inbox marked; there two are picked.
    page.get_by_role("link", name=re.compile("^Review")).click()
    page.get_by_role("link", name=re.compile("^Decide [0-9]+ together in the inbox$")).click()
    for ticket in ("LARK-2", "LARK-6"):
        expect(picked.filter(has_text=ticket)).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    for ticket in ("LARK-2", "LARK-6"):
        take_in(page, ticket, "Review").get_by_role("button").click()
        page.keyboard.press("x")
    expect(picked).to_have_count(2)
    for one in picked.all():
        expect(one).to_contain_text(re.compile("Merge [0-9a-f]{7} into main"))
        expect(one).to_contain_text(re.compile("[0-9]+ fixed, [0-9]+ hold"))
    page.get_by_role("button", name="Approve and merge 2").click()
    expect(notice(page)).to_contain_text(re.compile("Merg(ing|ed) 2 runs"))
    for ticket in ("LARK-2", "LARK-6"):
        expect(receipt(page).filter(has_text=ticket)).to_contain_text(re.compile("Merged as [0-9a-f]{7} into main"))
        expect(card(board, "Done", ticket)).to_be_visible()
    merged = git(house, "log", "--format=%s", "main")
    for ticket in ("LARK-1", "LARK-2", "LARK-6"):
        assert f"Merge {ticket}: " in merged
