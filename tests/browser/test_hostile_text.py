"""What strangers write is text: in a ticket, in a comment, in what an agent says, names, runs and prints.

The agent is real; its model is an endpoint of ours that answers with hostile words and a hostile command.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from quarterdeck.outside.models.rehearsal import streamed, whole
from quarterdeck.outside.models.rehearsal_scene import read
from quarterdeck.outside.models.rehearsal_script import Move, Wish
from testkit.browser import Person, person
from testkit.desk import Desk
from testkit.house import House
from testkit.serving import serving

pytestmark = pytest.mark.browser

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
BEACON = "![look](https://attacker.example/beacon.png) <https://attacker.example> [go](javascript:alert(3))"
BIDI = "pay \u202egnp.exe\u202c now\u200b"
HOSTILE = f"{SCRIPT} {IMAGE} {BEACON} {BIDI}"
# Colour, a title, a link and the clipboard, as terminals take them.
ANSI = (
    r"\033[31mred\033[0m \033]0;owned\007 \033]8;;https://attacker.example\007link\033]8;;\007 \033]52;c;cHduZWQ=\007"
)
PRINTS = f"printf '{ANSI}\\n%s\\n' '{SCRIPT} {IMAGE}'"

CHOICE = {"id": "a", "label": HOSTILE, "effect": HOSTILE}
SAYS: dict[str, list[Move]] = {
    "understand": [Move(HOSTILE, (Wish("understood", {"restated": HOSTILE, "behaviours": [HOSTILE], "questions": []}),))],
    "locate": [Move(HOSTILE, (Wish("places", {"places": [{"path": "README.md", "line": 1, "symbol": IMAGE, "why": HOSTILE}]}),))],
    "plan": [Move(HOSTILE, (Wish("plan", {"steps": [{"title": HOSTILE, "paths": [], "citations": []}], "risk": "low"}),))],
    "work": [
        Move(HOSTILE, (Wish("shell", {"command": PRINTS}),)),
        Move(HOSTILE, (Wish("ask", {"ask": HOSTILE, "context": HOSTILE, "choices": [CHOICE]}),)),
    ],
}  # fmt: skip


async def model(scope: Any, receive: Any, send: Any) -> None:
    """An OpenAI-compatible endpoint that plays SAYS by stage."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    asked = json.loads(body + message["body"])
    scene = read(asked["messages"])
    moves = SAYS.get(scene.stage) or [Move("Aye.")]
    turns = sum(1 for one in asked["messages"] if one["role"] == "assistant") if scene.stage == "work" else 0
    move = moves[min(turns, len(moves) - 1)]
    pieces = list(streamed(move, asked)) if asked.get("stream") else [whole(move, asked)]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"".join(pieces)})


@pytest.fixture(scope="module")
def desk(house: House) -> Iterator[Desk]:
    one = Desk(house)
    project = one.get("/projects")[0]
    with serving(model) as url:
        price = {"name": "words", "inMicroPerMTok": 1, "outMicroPerMTok": 1, "contextTokens": 100_000}
        made = one.post("/connections", {"kind": "model", "name": SCRIPT + IMAGE, "protocol": "openai", "baseUrl": f"{url}/v1", "models": [price]})  # fmt: skip  # noqa: E501
        written = {"project": project["id"], "title": HOSTILE, "description": f"{HOSTILE}\nDone when it is.", "kind": "Bug", "priority": "High", "labels": [IMAGE]}  # fmt: skip  # noqa: E501
        ticket = one.post("/tickets", written)
        one.post(f"/tickets/{ticket['id']}/comments", {"body": HOSTILE})
        lines = one.assign(ticket["key"], planDial="auto", model=f"{made['id']}/words", force=True, words=HOSTILE)
        assert lines[0]["fate"] == "applied", lines
        one.asked(ticket["key"], "question")
        yield one


@pytest.fixture(scope="module")
def alice(browser: Browser, house: House, desk: Desk) -> Iterator[Person]:
    one = person(browser, house).sign_in()
    yield one
    one.context.close()


PAGES = (
    "/inbox", "/board", "/list", "/tickets?q=attacker", "/fleet", "/review", "/settings?part=Models", "/settings?part=Audit",
    "/runs/{run}", "/runs/{run}?tab=terminal", "/runs/{run}?tab=files", "/runs/{run}?tab=events",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_hostile_words_are_read_never_obeyed(alice: Person, desk: Desk, house: House, path: str) -> None:
    run = str(house.value("select id from record_run order by id desc limit 1"))
    page = alice.page(path.format(run=run))
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    expect(page.get_by_role("main")).to_be_visible()
    if path not in ("/fleet", "/review") and "tab=files" not in path:
        expect(page.get_by_text("alert(").first).to_be_attached()
    assert page.locator("img, iframe, object, main script").count() == 0
    assert page.locator("[onerror], a[href^='javascript:']").count() == 0
    # A ticket may link to the web; the page it leads to learns nothing of us and gets no hold of ours.
    assert page.locator("a[href*='attacker']:not([target=_blank][rel~=noreferrer][rel~=noopener])").count() == 0
    assert page.title().removeprefix("(1) ") == "Quarterdeck"
    page.close()
    alice.watch.calm()


def test_hidden_characters_are_drawn_in_what_a_person_decides(alice: Person, desk: Desk) -> None:
    page = alice.page("/inbox")
    request = page.get_by_role("region", name="Request")
    expect(request.get_by_text("\u27e8U+202E\u27e9").first).to_be_visible()
    page.close()
    alice.watch.calm()
