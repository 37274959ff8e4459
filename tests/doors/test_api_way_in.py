"""How people come in: a password, or a one-time link; and what they see when there is nothing to see."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from quarterdeck.flow import actor, people
from quarterdeck.record.models import Audit, LoginLink, Person
from testkit import rows

pytestmark = pytest.mark.django_db
GOOD = {"name": "Olga", "username": "olga", "password": "a long enough secret"}


@pytest.fixture(autouse=True)
def _fresh_rates() -> None:
    cache.clear()


def owner_link() -> str:
    out = StringIO()
    call_command("owner_link", stdout=out)
    return out.getvalue().strip()


def test_the_owners_link_works_once_and_then_there_is_none() -> None:
    link, client = owner_link(), Client()
    assert re.fullmatch(r"/welcome/[\w-]{43}", link)
    assert client.get(link).status_code == 200
    assert client.post(link, GOOD).headers["Location"] == "/inbox"
    assert client.get("/api/v1/me").json()["owner"] is True
    assert Client().post(link, GOOD).status_code == 404
    assert owner_link() == ""


def test_only_the_newest_link_is_good_and_only_its_digest_is_kept() -> None:
    first, second = owner_link(), owner_link()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    token = second.rpartition("/")[2]
    assert not LoginLink.objects.filter(digest__contains=token).exists()


def test_a_weak_password_leaves_the_link_good() -> None:
    link, client = owner_link(), Client()
    answer = client.post(link, GOOD | {"password": "short"})
    assert answer.status_code == 422
    assert "too short" in answer.content.decode()
    assert client.post(link, GOOD).status_code == 302


def test_an_invited_person_chooses_a_name_that_is_free() -> None:
    owner, taken = rows.person("root", is_superuser=True), rows.person("olga")
    _, path = people.invite(actor.person(owner), name="Olga N.", email="o@example.org")
    answer = Client().post(path, GOOD)
    assert (answer.status_code, "taken" in answer.content.decode()) == (422, True)
    assert Client().post(path, GOOD | {"username": "olga2"}).status_code == 302
    assert Person.objects.get(username="olga2").is_superuser is False
    assert Person.objects.get(id=taken.id).has_usable_password() == taken.has_usable_password()


def test_a_password_lets_in_and_a_wrong_one_does_not() -> None:
    person = rows.person("alice")
    person.set_password(rows.PASSWORD)
    person.save()
    client = Client()
    assert client.post("/accounts/login/", {"login": "alice", "password": "wrong"}).status_code == 200
    answer = client.post(
        "/accounts/login/?next=/board", {"login": "alice", "password": rows.PASSWORD, "next": "/board"}
    )
    assert answer.headers["Location"] == "/board"
    assert client.get("/api/v1/me").json()["person"]["name"] == "Alice"
    client.post("/accounts/logout/")
    assert client.get("/api/v1/me").status_code == 401


def test_guessing_a_password_is_stopped_after_five_tries() -> None:
    person = rows.person("alice")
    person.set_password(rows.PASSWORD)
    person.save()
    for _ in range(5):
        Client().post("/accounts/login/", {"login": "alice", "password": "wrong"})
    answer = Client().post("/accounts/login/", {"login": "alice", "password": rows.PASSWORD})
    assert answer.status_code == 200  # the form again, with a sentence: not signed in
    assert "Too many" in answer.content.decode()


def test_the_ways_in_run_no_script_and_leave_nothing_in_a_cache() -> None:
    for path in ("/accounts/login/", owner_link()):
        answer = Client().get(path)
        assert "<script" not in answer.content.decode()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]


def test_nobody_signs_up_by_himself_and_no_mail_is_asked_for() -> None:
    for path in ("/accounts/signup/", "/accounts/password/reset/", "/accounts/email/", "/admin/"):
        assert Client().get(path).status_code in (302, 404)
    assert Client().post("/accounts/signup/", GOOD).status_code == 404


def test_every_address_is_the_dashboards_one_page(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIR = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html><div id=root></div>")
    client = Client()
    client.force_login(rows.person("alice"), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get("/").headers["Location"] == "/inbox"
    for path in ("/inbox", "/runs/1234", "/settings?part=people"):
        answer = client.get(path)
        assert (answer.status_code, b"id=root" in answer.content) == (200, True)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "csrftoken" in answer.cookies
    assert client.get("/api/v1/nonsense").json()["reason"] == "not_found"
    assert Client().get("/board").headers["Location"] == "/accounts/login/?next=/board"


def test_without_a_built_dashboard_it_says_so(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIR = tmp_path
    client = Client()
    client.force_login(rows.person("alice"), backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = client.get("/inbox")
    assert answer.status_code == 503
    assert "not built" in answer.content.decode()


def test_the_commands_token_is_the_owners_and_readable_by_its_user_alone(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    with pytest.raises(SystemExit):
        call_command("cli_token", stdout=StringIO(), stderr=StringIO())
    Client().post(owner_link(), GOOD)
    for _ in range(2):
        call_command("cli_token", stdout=StringIO())
    file = tmp_path / "cli.token"
    assert file.stat().st_mode & 0o777 == 0o600
    client = Client(headers={"Authorization": f"Bearer {file.read_text()}"})
    assert client.get("/api/v1/me").json()["owner"] is True
    assert Person.objects.get().api_tokens.count() == 1


def test_coming_in_by_a_link_is_in_the_audit() -> None:
    Client().post(owner_link(), GOOD)
    assert list(Audit.objects.order_by("id").values_list("verb", flat=True)) == [
        "owner link made",
        "came in by link",
        "token made",  # for this machine's commands
    ]
