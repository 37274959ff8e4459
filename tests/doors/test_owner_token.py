"""The owner's token for this machine's commands: there as soon as the owner is, readable by nobody else, one at a time."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from quarterdeck.flow import owner_token, people
from quarterdeck.record.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path: Path) -> Path:
    settings.KEYS_DIR = tmp_path
    return tmp_path


def come_in() -> Client:
    link = people.owner_link()
    assert link
    browser = Client()
    answer = browser.post(link, {"name": "Dana", "username": "dana", "password": "a long enough password 7"})
    assert answer.status_code == 302
    return browser


def test_before_an_owner_has_come_in_there_is_no_token(keys: Path) -> None:
    assert owner_token.renew() is None
    assert not (keys / "cli.token").exists()


def test_coming_in_by_the_owners_link_leaves_a_token_that_opens_the_api(keys: Path) -> None:
    come_in()
    path = keys / "cli.token"
    assert path.stat().st_mode & 0o777 == 0o600
    told = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {path.read_text()}"})
    assert told.status_code == 200


def test_a_new_one_withdraws_the_one_before(keys: Path) -> None:
    come_in()
    old = (keys / "cli.token").read_text()
    owner_token.renew()
    assert ApiToken.objects.count() == 1
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {old}"}).status_code == 401
