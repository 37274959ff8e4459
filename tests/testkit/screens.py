"""Every screen of the dashboard, in a house that has something to show: one request of each kind, a run at work, one merged."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from testkit.desk import Desk

Act = Callable[[Page], None]


@dataclass(frozen=True)
class Screen:
    """`path` may name {LARK-2} for the run of a ticket and {plan:LARK-2} for its request; `shows` is there when it is drawn.

    `narrow` is false for what a phone does not have.
    """

    name: str
    path: str
    shows: str
    act: Act | None = None
    narrow: bool = True


def keys(*strokes: str) -> Act:
    """Presses them once the page stands; a key that opens an overlay must find nothing else open."""

    def press(page: Page) -> None:
        for stroke in strokes:
            page.keyboard.press(stroke)

    return press


def tour(page: Page) -> None:
    page.get_by_role("button", name="Alice").click()
    page.get_by_role("menuitem", name="Show me around").click()
    page.get_by_role("button", name="Next", exact=True).click()


SCREENS = (
    Screen("inbox-plan", "/inbox?request={plan:LARK-2}", "Approve plan"),
    Screen("inbox-question", "/inbox?request={question:LARK-6}", "Send answer"),
    Screen("inbox-budget", "/inbox?request={budget:LARK-8}", "Raise budget"),
    Screen("inbox-review", "/inbox?request={review:LARK-1}", "Open review"),
    Screen(
        "inbox-bulk",
        "/inbox?request={plan:LARK-2}",
        "Decided together",
        keys("x", "j", "x", "j", "x", "j", "x"),
        narrow=False,
    ),
    Screen("inbox-redirect", "/inbox?request={plan:LARK-2}", "Templates", keys("r")),
    Screen("inbox-edit-plan", "/inbox?request={plan:LARK-2}", "Keep this plan", keys("e")),
    Screen("inbox-snoozed-empty", "/inbox?tab=snoozed", "Nothing snoozed"),
    Screen("inbox-decided", "/inbox?tab=decided", "Alice decided this"),
    Screen("board", "/board", "Waiting elsewhere"),
    Screen("board-nothing-found", "/board?q=nothing-is-called-this", "No run matches these words"),
    Screen("board-tour", "/settings", "Step 2 of 5", tour, narrow=False),
    Screen("list", "/list", "LARK-2"),
    Screen("list-selection", "/list", "runs selected", keys("x", "j", "x"), narrow=False),
    Screen("run-timeline", "/runs/{LARK-1}", "Plan"),
    Screen("run-terminal", "/runs/{LARK-1}?tab=terminal", "Terminal"),
    Screen("run-diff", "/runs/{LARK-1}?tab=diff", "larkfield/"),
    Screen("run-files", "/runs/{LARK-1}?tab=files", "larkfield/"),
    Screen("run-events", "/runs/{LARK-1}?tab=events", "opened"),
    Screen("run-waits", "/runs/{LARK-6}", "Answer it"),
    Screen("run-unknown", "/runs/00000000-0000-7000-8000-000000000000", "No such run"),
    Screen("review-queue", "/review", "Ready for you"),
    Screen("review", "/review/{LARK-1}", "Failed before, pass now"),
    Screen("review-merge", "/review/{LARK-1}", "Your name and this sha", keys("a")),
    Screen("review-none", "/review/{LARK-6}", "Nothing to review here"),
    Screen("tickets", "/tickets", "LARK-3"),
    Screen("ticket-new", "/tickets", "Create ticket", keys("n")),
    Screen("assign", "/board", "Start runs", keys("c")),
    Screen("fleet", "/fleet", "Quarterdeck itself"),
    Screen("settings-projects", "/settings?part=Projects", "Check that it can be read"),
    Screen("settings-models", "/settings?part=Models", "Keys stay here"),
    Screen("settings-trackers", "/settings?part=Trackers", "Quarterdeck's own board"),
    Screen("settings-people", "/settings?part=People", "Invite a person"),
    Screen("settings-tokens", "/settings?part=API%20tokens", "New token"),
    Screen("settings-audit", "/settings?part=Audit", "When"),
    Screen("settings-installation", "/settings?part=Installation", "Places in all"),
    Screen("settings-appearance", "/settings?part=Appearance", "Density"),
    Screen("palette", "/inbox", "Go to board", keys("Control+k")),
    Screen("help", "/inbox", "Keys on this page", keys("?")),
)
MERGED = (
    Screen("review-merged", "/review/{LARK-1}", "Merged into main as"),
    Screen("run-merged", "/runs/{LARK-1}", "Merged into main as"),
)
EMPTY = (
    Screen("empty-inbox", "/inbox", "Nobody waits for you"),
    Screen("empty-board", "/board", "No agent works yet"),
    Screen("empty-list", "/list", "No agent works yet"),
    Screen("empty-review", "/review", "Nothing to review"),
)
WIDE = ("inbox-plan", "board")


def stage(desk: Desk) -> None:
    """Brings the house to where every screen has something to show."""
    desk.assign("LARK-1", "LARK-2", "LARK-6", "LARK-7", "LARK-8")
    desk.answer("approve", desk.asked("LARK-1", "plan"))
    desk.answer("approve", desk.asked("LARK-8", "plan"))
    for ticket, kind in (("LARK-1", "review"), ("LARK-8", "budget"), ("LARK-6", "question"), ("LARK-2", "plan"), ("LARK-7", "plan")):  # fmt: skip  # noqa: E501
        desk.asked(ticket, kind)


def address(path: str, desk: Desk) -> str:
    """The screen's path with the runs and requests of this house."""
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        kind, _, ticket = name.rpartition(":")
        found = str(desk.asked(ticket, kind)["id"]) if kind else desk.run(ticket)
        path = before + found + after
    return path


def show(page: Page, screen: Screen) -> None:
    """After the page was opened: does what the screen needs, and waits until it is drawn."""
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    if screen.act:
        screen.act(page)
    expect(page.get_by_text(screen.shows).locator("visible=true").first).to_be_visible()
