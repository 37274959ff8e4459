"""A person at the dashboard: real Chromium against a real house, with a watch over what a page must never do."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from testkit.desk import PASSWORD
from testkit.house import House

ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
# Agents, checks and the browser share a few cores here.
PATIENCE_MS = 60_000
SEEN = "if (origin !== 'null') localStorage.setItem('qd.tour', 'yes')"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The distribution's own browser; playwright brings only the driver."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        expect.set_options(timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """Everything a page did that it must not: errors, refusals of the CSP, dialogs, requests to another origin, 5xx."""

    address: str
    found: list[str] = field(default_factory=list)
    # What a test does on purpose (a refusal, a cut line) and the browser reports as an error by itself.
    expected: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"error in the page: {error.error}"))
        context.on("request", self._request)
        context.on(
            "response", lambda answer: answer.status >= 500 and self.found.append(f"{answer.status} {answer.url}")
        )
        context.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.found.append(f"{message.text} ({message.location['url']})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.found.append(f"a request left the origin: {request.url}")

    def _dialog(self, dialog: Any) -> None:
        self.found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def calm(self) -> None:
        """Raises AssertionError with what was found."""
        left = [one for one in self.found if not any(re.search(word, one) for word in self.expected)]
        self.found.clear()
        assert left == [], "\n".join(left)


@dataclass
class Person:
    """One browser profile, signed in or not."""

    house: House
    context: BrowserContext
    watch: Watch

    def page(self, path: str = "") -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if path:
            self.go(page, path)
        return page

    def go(self, page: Page, path: str) -> None:
        """Opens a page of the dashboard and waits until its line is live."""
        page.goto(self.house.address + path)
        line = page.get_by_title("State of the connections: opens fleet")
        expect(line.get_by_text("Live", exact=True)).to_be_attached()

    def sign_in(self, name: str = "alice") -> "Person":
        page = self.context.new_page()
        page.goto(f"{self.house.address}/accounts/login/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox*")
        page.close()
        return self

    def welcome(self, link: str, name: str) -> Page:
        """Through a one-time link, as somebody who was never here."""
        page = self.page()
        page.goto(link)
        page.get_by_label("Your name").fill(name)
        page.get_by_label("User name").fill(name.lower())
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Come in").click()
        page.wait_for_url("**/inbox*")
        return page


def person(browser: Browser, house: House, *, theme: str = "light", width: int = 1440, height: int = 900, tour: bool = False, **more: Any) -> Person:  # fmt: skip  # noqa: E501
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce", **more)  # type: ignore[arg-type]  # fmt: skip
    if not tour:
        context.add_init_script(SEEN)
    watch = Watch(house.address)
    watch.over(context)
    return Person(house, context, watch)


# ---- the inbox ----


def row(page: Page, ticket: str, kind: str) -> Locator:
    """The queue's row of a ticket's request."""
    rows = page.get_by_role("list", name="Requests").get_by_role("listitem")
    return rows.filter(has=page.get_by_text(ticket, exact=True)).filter(has=page.get_by_text(kind, exact=True))


def take_in(page: Page, ticket: str, kind: str) -> Locator:
    """Waits until the request has arrived; new ones are counted above the queue and come in with the dot key."""
    wanted, fresh = row(page, ticket, kind), page.get_by_role("button", name=re.compile("new request"))
    for _ in range(20):
        expect(wanted.or_(fresh).first).to_be_visible()
        if wanted.count():
            return wanted
        page.keyboard.press(".")
        expect(fresh).to_be_hidden()
    raise AssertionError(f"no {kind} of {ticket}")


def open_request(page: Page, ticket: str, kind: str) -> None:
    """Puts the cursor on it."""
    take_in(page, ticket, kind).get_by_role("button").click()
    expect(page.get_by_role("region", name="Request").get_by_text(ticket, exact=True).first).to_be_visible()


def card(page: Page, column: str, ticket: str) -> Locator:
    """The board's card of a ticket in one column."""
    return page.get_by_role("region", name=column, exact=True).get_by_role("link").filter(has=page.get_by_text(ticket, exact=True))  # fmt: skip  # noqa: E501


def notice(page: Page) -> Locator:
    return page.get_by_role("status").filter(has=page.get_by_role("button", name="Close notice"))


def receipt(page: Page) -> Locator:
    return page.get_by_role("list", name="Receipt per run").get_by_role("listitem")


def git(house: House, *words: str) -> str:
    """Of the project's own repository, where the work is merged."""
    origin = ["git", "--git-dir", str(house.data / "origins" / "larkfield.git")]
    return subprocess.run([*origin, *words], check=True, capture_output=True, text=True).stdout
