"""What an image is by its bytes, and what it costs: by its size in pixels, never by the letters that carry it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.outside.models import anthropic_body, images, openai_body
from quarterdeck.outside.models.images import Image, Look, look
from testkit import pictures

ALL = [
    (pictures.png(800, 600), "image/png"), (pictures.gif(800, 600), "image/gif"), (pictures.jpeg(800, 600), "image/jpeg"),
    *((pictures.webp(800, 600, kind), "image/webp") for kind in (b"VP8X", b"VP8L", b"VP8 ")),
]  # fmt: skip
URL = images.PREFIX + "a" * 64


@pytest.mark.parametrize(("data", "mime"), ALL)
def test_type_and_size_are_read_from_the_header(data: bytes, mime: str) -> None:
    assert look(data) == Look(mime, 800, 600)


@pytest.mark.parametrize(
    "data", [b"", b"<svg onload=alert(1)>", b"%PDF-1.4", pictures.png(0, 4), b"GIF89a\x04", b"\xff\xd8\xff"]
)
def test_what_is_no_image_or_has_no_size_is_none(data: bytes) -> None:
    assert look(data) is None


@given(st.sampled_from([data for data, _ in ALL]), st.integers(0, 60), st.binary(max_size=20))
def test_no_header_however_broken_raises(data: bytes, at: int, more: bytes) -> None:
    found = look(data[:at] + more)
    assert found is None or (found.width > 0 and found.height > 0)


def test_tokens_follow_from_pixels_and_have_an_end() -> None:
    small, large = Image("image/png", 800, 600, b"x" * 900_000), Image("image/png", 8000, 3000, b"x")
    assert images.usual_tokens([small]) == 640
    assert images.most_tokens([small]) == 1_700
    assert images.most_tokens([small, large]) == 11_700


@pytest.mark.parametrize(
    ("name", "takes"),
    [("gpt-4o-mini", True), ("claude-sonnet-4-5", True), ("qwen2.5-vl:7b", True), ("o3", True), ("llama3.2-vision", True),
     ("gpt-3.5-turbo", False), ("deepseek-chat", False), ("o3-mini", False), ("llama3.1:8b", False), ("claude-2.1", False)],
)  # fmt: skip
def test_a_known_models_name_says_whether_it_takes_images(name: str, takes: bool) -> None:
    assert images.usually_takes(name) is takes


def test_the_bytes_are_put_in_as_each_protocol_wants_them() -> None:
    held = {"a" * 64: Image("image/png", 4, 3, b"bytes")}
    letters = base64.b64encode(b"bytes").decode()
    asked = openai_body.clean({"model": "m", "messages": [
        {"role": "user",
         "content": [{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": URL}}]}]})  # fmt: skip
    assert openai_body.filled(asked, held)["messages"][0]["content"] == [
        {"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{letters}"}}
    ]  # fmt: skip
    asked = anthropic_body.clean({"model": "m", "messages": [
        {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": URL}}]}]})  # fmt: skip
    assert anthropic_body.filled(asked, held)["messages"][0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": letters}}
    ]
