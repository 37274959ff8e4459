"""The ticket's images on their way to a model: named in each provider's own words, told as strangers' text, in no checkpoint."""

import asyncio
import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, SystemMessage

from deckhand.context.brief import FENCE, first_word
from deckhand.models.chat import Chat
from deckhand.models.port import Call
from deckhand.tools.offer import specs
from deckwire.envelope import ModelRoute, Picture

from .test_models import ANTHROPIC, OPENAI, anthropic, openai

URL = "quarterdeck-image:" + "a" * 64
SHOT = Picture(name="shot\u202e.png", size=12_345, width=800, height=600, url=URL)


def test_a_model_that_takes_none_gets_words_and_no_block() -> None:
    for images, takes in ([SHOT], False), ([SHOT.model_copy(update={"url": ""})], True):
        word = first_word("Ticket: T-1", images, takes=takes)
        assert isinstance(word.content, str)
        line = "- An image is attached: shot.png, 12,345 bytes, 800 × 600 pixels; this model does not take images."
        assert line in word.content
        assert "quarterdeck-image" not in word.content


def test_a_model_that_takes_them_gets_a_block_each_and_is_told_whose_they_are() -> None:
    word = first_word("Ticket: T-1", [SHOT], takes=True)
    assert isinstance(word.content, list)
    text, block = word.content
    assert isinstance(text, dict)
    assert text["text"].startswith("Ticket: T-1")
    assert f"{FENCE}\n----- images of the ticket, by whoever attached them -----" in text["text"]
    assert block == {"type": "image", "url": URL}


def test_without_images_nothing_changes() -> None:
    assert first_word("Ticket: T-1", [], takes=True).content == "Ticket: T-1"


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_the_providers_own_package_names_the_image_as_its_protocol_does(protocol: Any) -> None:
    messages: list[BaseMessage] = [SystemMessage("Stage: work"), first_word("Ticket: T-1", [SHOT], takes=True)]
    sent = _sent(protocol, messages)
    block = next(one for one in sent["messages"] if one["role"] == "user")["content"][1]
    assert block == (
        {"type": "image_url", "image_url": {"url": URL}}
        if protocol == "openai"
        else {"type": "image", "source": {"type": "url", "url": URL}}
    )


def _sent(protocol: Any, messages: list[BaseMessage]) -> dict[str, Any]:
    heard: list[dict[str, Any]] = []
    answer = openai(OPENAI) + "data: [DONE]\n\n" if protocol == "openai" else anthropic(ANTHROPIC)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        routes = {"edit": ModelRoute(protocol=protocol, model="twin", images=True)}
        chat = Chat(f"http://127.0.0.1:{server.server_port}", routes, lambda: "token")
        asyncio.run(chat.answer(Call("c", "work", "edit"), messages, specs("work")))
    finally:
        server.shutdown()
        server.server_close()
    return heard[0]


def test_the_gateway_takes_what_the_packages_make_of_it() -> None:
    """Both ends of the wire in one test: what leaves the agent is what the gateway's reader lets in."""
    from quarterdeck.outside.models import anthropic_body, images, openai_body

    messages: list[BaseMessage] = [SystemMessage("Stage: work"), first_word("Ticket: T-1", [SHOT], takes=True)]
    for protocol, dialect in (("openai", openai_body), ("anthropic", anthropic_body)):
        assert images.named(dialect.clean(_sent(protocol, messages))) == ["a" * 64]


def test_a_whole_run_shows_it_at_each_call_and_stores_it_in_no_checkpoint(stage: Any) -> None:
    """The opening is made anew for each call: the state, and so each checkpoint, holds nothing of it."""
    platform, start = stage()
    platform.ticket = platform.ticket.model_copy(update={"images": [SHOT]})
    seeing = {
        kind: route.model_copy(update={"images": kind != "small"}) for kind, route in platform.config.models.items()
    }
    platform.config = platform.config.model_copy(update={"models": seeing})
    start().ends(0)
    assert {call.purpose: URL in json.dumps(call.messages) for call in platform.calls} == {
        "understand": True, "locate": False, "plan": True, "work": True, "review": True
    }  # fmt: skip
    located = next(call for call in platform.calls if call.purpose == "locate")
    assert "this model does not take images" in json.dumps(located.messages)
    stored = b"".join(base64.b64decode(one.data) for one in platform.parts.values())
    assert [word for word in (b"TILL-1", b"shot", b"quarterdeck-image") if word in stored] == []
