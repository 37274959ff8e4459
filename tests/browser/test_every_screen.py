"""Every screen, drawn with something on it: no barrier that axe-core can find, and a picture to look at (tests/browser/shots)."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testkit.browser import Person, person
from testkit.desk import Desk
from testkit.house import House
from testkit.screens import EMPTY, MERGED, SCREENS, WIDE, Screen, address, show, stage

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parent / "shots"
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours alone differ between the themes.
COLOURS = ["color-contrast", "link-in-text-block"]
ASK = "which => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: which })"
# A page of something that is not there is a 404 of the API by nature.
MISSING = ["404.*(00000000-0000-7000-8000|/reviews/|/welcome/)"]


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    """Alice in a new house."""
    return Desk(house)


@pytest.fixture(scope="module")
def staged(desk: Desk) -> Desk:
    """One request of each kind and a sealed head in her inbox."""
    stage(desk)
    return desk


@pytest.fixture(scope="module")
def drawn(browser: Browser, house: House, desk: Desk) -> Iterator[Person]:
    """The strict policy holds for the pages; only the checker's own script comes in around it."""
    one = person(browser, house, bypass_csp=True).sign_in()
    one.watch.expected += MISSING
    yield one
    one.watch.calm()
    one.context.close()


@pytest.fixture(scope="module")
def page(drawn: Person) -> Page:
    return drawn.page()


def barriers(page: Page, theme: str = "light") -> list[str]:
    page.evaluate(AXE)
    which = {"type": "tag", "values": TAGS} if theme == "light" else {"type": "rule", "values": COLOURS}
    found = page.evaluate(ASK, which)["violations"]
    return [
        f"{theme}: {one['id']} ({one['impact']}): {node['html'][:200]}" for one in found for node in one["nodes"][:3]
    ]


SPILLED = """
() => {
  const higher = one => one.offsetParent && one.scrollHeight > one.clientHeight + 2;
  const shown = one => getComputedStyle(one).overflow === "visible" && getComputedStyle(one).display !== "inline";
  const rows = [...document.querySelectorAll("tbody tr, main li")].filter(one => higher(one) && shown(one));
  return rows.map(one => one.innerText.slice(0, 80));
}
"""


def spilled(page: Page) -> list[str]:
    """Rows whose text is higher than they are: it lies over the next row's, which no checker of contrasts sees."""
    return [f"spilled: {text!r}" for text in page.evaluate(SPILLED)]


def draw(drawn: Person, page: Page, desk: Desk, screen: Screen, width: int, height: int) -> list[str]:
    """Opens the screen, takes its picture by day and by night, and asks for barriers."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="light")
    drawn.go(page, address(screen.path, desk))
    show(page, screen)
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator(f"html[data-theme={theme}]")).to_be_attached()
        page.screenshot(path=SHOTS / f"{screen.name}-{theme}-{width}.png")
        found += barriers(page, theme)
    return found + spilled(page)


@pytest.mark.parametrize("screen", EMPTY, ids=lambda one: one.name)
def test_an_empty_page_says_what_to_do(drawn: Person, page: Page, desk: Desk, screen: Screen) -> None:
    """Before the first run: these stand first."""
    assert draw(drawn, page, desk, screen, 1440, 900) == []
    assert draw(drawn, page, desk, screen, 390, 844) == []


@pytest.mark.parametrize("screen", SCREENS, ids=lambda one: one.name)
def test_a_screen_has_no_barrier(drawn: Person, page: Page, staged: Desk, screen: Screen) -> None:
    assert draw(drawn, page, staged, screen, 1440, 900) == []
    if screen.narrow:
        assert draw(drawn, page, staged, screen, 390, 844) == []


@pytest.mark.parametrize("name", WIDE)
def test_a_wide_screen_adds_panes(drawn: Person, page: Page, staged: Desk, name: str) -> None:
    screen = next(one for one in SCREENS if one.name == name)
    assert draw(drawn, page, staged, screen, 2560, 1440) == []


@pytest.fixture(scope="module")
def merged(staged: Desk) -> Desk:
    """After all that needs LARK-1 in review."""
    staged.merge("LARK-1")
    staged.becomes("LARK-1", "merged")
    return staged


@pytest.mark.parametrize("screen", MERGED, ids=lambda one: one.name)
def test_what_is_merged_says_as_which_commit(drawn: Person, page: Page, merged: Desk, screen: Screen) -> None:
    assert draw(drawn, page, merged, screen, 1440, 900) == []
    assert draw(drawn, page, merged, screen, 390, 844) == []
    expect(page.get_by_role("button", name="Approve and merge")).to_have_count(0)


@pytest.fixture(scope="module")
def ways_in(desk: Desk) -> dict[str, str]:
    """The pages of somebody who is not signed in; the invitation is looked at and never taken."""
    invited = desk.post("/people", {"name": "Nora", "email": "nora@example.org"})
    login, over = (f"{desk.house.address}{path}" for path in ("/accounts/login/", "/welcome/nobody-was-sent-this"))
    return {"sign-in": login, "welcome": invited["link"], "welcome-over": over}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sign-in", "welcome", "welcome-over"])
def test_the_way_in_has_no_barrier(
    browser: Browser, house: House, ways_in: dict[str, str], name: str, theme: str
) -> None:
    stranger = person(browser, house, theme=theme, width=390, height=844, bypass_csp=True)
    stranger.watch.expected += MISSING
    page = stranger.page()
    page.goto(ways_in[name])
    page.screenshot(path=SHOTS / f"{name}-{theme}-390.png")
    assert barriers(page) == []
    stranger.watch.calm()
    stranger.context.close()
