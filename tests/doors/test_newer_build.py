"""A build under a running house: the page goes on as it began, for its files are the only ones this process knows."""

from pathlib import Path

from django.test import Client

from quarterdeck.record.models import Person


def test_the_page_stays_the_one_this_process_began_with(
    client: Client, alice: Person, tmp_path: Path, settings
) -> None:
    settings.FRONTEND_DIR = tmp_path
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get("/inbox").status_code == 503
    (tmp_path / "index.html").write_text("first")
    assert client.get("/inbox").content == b"first"
    (tmp_path / "index.html").write_text("second")
    assert client.get("/inbox").content == b"first"
