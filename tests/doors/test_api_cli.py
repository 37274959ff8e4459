"""The commands ask the API with a token, print nothing that a terminal obeys, and leave with a code that scripts can use."""

import argparse
import json
from typing import Any

import httpx
import pytest
from django.test import Client

from deckwire.events import Said
from deckwire.words import Phase
from quarterdeck import cli
from quarterdeck.cli import _client, assign, decide, doctor, prioritise, runs, watch
from quarterdeck.flow import actor, people
from quarterdeck.record.models import Run
from testkit import rows

pytestmark = pytest.mark.django_db


def through_django(request: httpx.Request) -> httpx.Response:
    """The network's twin: Django's own client, which keeps to the test's transaction."""
    headers = {"Authorization": request.headers["Authorization"]}
    path = request.url.raw_path.decode()
    answer = Client().generic(request.method, path, request.content, content_type="application/json", headers=headers)
    return httpx.Response(answer.status_code, content=answer.content)


class Desk:
    """A person at a terminal: words in, exit code out."""

    def __init__(self, who: Any) -> None:
        _, token = people.new_token(actor.person(who), name="desk", days=1)
        self.client = _client.Client("http://testserver", token, httpx.MockTransport(through_django))

    def type(self, module: Any, *words: str) -> int:
        parser = argparse.ArgumentParser()
        module.arguments(parser)
        work = {
            runs: runs._list,
            watch: watch._follow,
            decide: decide._decide,
            assign: assign._assign,
            doctor: doctor._examine,
            prioritise: prioritise._prioritise,
        }
        return work[module](self.client, parser.parse_args(words))


@pytest.fixture
def cast() -> rows.Cast:
    return rows.Cast()


def test_what_waits_says_for_what_and_goes_first_when_it_is_wanted_more(cast: rows.Cast, capsys: Any) -> None:
    first, second = (rows.run(rows.ticket(cast.lark)) for _ in range(2))
    desk = Desk(cast.alice)
    assert desk.type(runs) == 0
    assert f"(1 ahead: {first.ticket.key}.)" in capsys.readouterr().out
    assert desk.type(prioritise, "Highest", second.ticket.key) == 0
    assert capsys.readouterr().out.split("  ") == [second.ticket.key, "Highest", "Next to start.\n"]
    with pytest.raises(_client.Failed, match="supervisor"):
        Desk(cast.bob).type(prioritise, "Highest", first.ticket.key)


def test_no_run_is_said_in_a_sentence(cast: rows.Cast, capsys: Any) -> None:
    assert Desk(cast.bob).type(runs) == 0
    assert capsys.readouterr().out.startswith("No run is open. Give a ticket to an agent")
    assert Desk(cast.bob).type(runs, "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_runs_that_need_somebody_come_first_and_nothing_in_them_is_obeyed(cast: rows.Cast, capsys: Any) -> None:
    quiet = rows.run(rows.ticket(cast.lark, title="Quiet"))
    failed = rows.run(rows.ticket(cast.lark, title="Evil \x1b[2J\u202etitle\nLARK-0"))
    rows.move(failed, Phase.FAILED)
    assert Desk(cast.bob).type(runs) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [failed.ticket.key, quiet.ticket.key]
    assert lines[0].endswith("Evil [2Jtitle LARK-0")


def test_watching_a_run_prints_its_lines_and_ends_with_it(cast: rows.Cast, capsys: Any) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(run, Said(text="Two functions round."))
    rows.move(run, Phase.CANCELLED)
    assert Desk(cast.bob).type(watch, run.ticket.key) == 1
    out = capsys.readouterr().out
    assert "Two functions round." in out
    assert "Stopped" in out


def test_alice_decides_and_bob_is_refused(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark))
    with pytest.raises(_client.Failed) as no:
        Desk(cast.bob).type(decide, "pause", run.ticket.key)
    assert no.value.code == 1
    assert Desk(cast.alice).type(decide, "pause", str(run.id), "--words", "lunch") == 0
    assert Run.objects.get(id=run.id).phase == "paused"
    assert Desk(cast.alice).type(decide, "pause", str(run.id)) == 1  # already paused: a rejected line


def test_tickets_are_assigned_by_their_key(cast: rows.Cast, capsys: Any) -> None:
    ticket = rows.ticket(cast.lark)
    assert Desk(cast.alice).type(assign, ticket.key, "--cap", "2.5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["fate"] == "applied"
    assert Run.objects.get().cap_micro == 2_500_000
    with pytest.raises(_client.Failed):
        Desk(cast.alice).type(assign, "WREN-1")


def test_the_doctor_says_what_is_there_and_what_is_missing(cast: rows.Cast, capsys: Any) -> None:
    Desk(cast.owner).type(doctor)
    out = capsys.readouterr().out
    assert "No model is connected" in out
    assert "Project LARK has a repository" in out


def test_the_doctor_looks_at_the_machine_also_where_nobody_answers(
    capsys: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERDECK_DATA", str(tmp_path))
    monkeypatch.delenv("QUARTERDECK_URL", raising=False)
    monkeypatch.setenv("QUARTERDECK_RUN", str(tmp_path))
    assert doctor.run(argparse.Namespace(json=False)) == 3
    out = capsys.readouterr().out
    assert "git is installed" in out
    assert "No Quarterdeck runs here" in out


def test_nobody_there_is_code_three_and_no_token_is_code_two(capsys: Any, tmp_path: Any) -> None:
    with pytest.raises(_client.Failed) as nobody:
        _client.connect({"QUARTERDECK_DATA": str(tmp_path)})
    with pytest.raises(_client.Failed) as keyless:
        _client.connect({"QUARTERDECK_DATA": str(tmp_path), "QUARTERDECK_URL": "http://127.0.0.1:9"})
    with pytest.raises(_client.Failed) as silent:
        _client.Client("http://127.0.0.1:9", "t").get("/me")
    assert [no.value.code for no in (nobody, keyless, silent)] == [3, 2, 3]


def test_every_command_explains_itself(capsys: Any) -> None:
    for word in cli.words():
        with pytest.raises(SystemExit) as left:
            cli.main([word, "--help"])
        assert left.value.code == 0
    assert "--words" in capsys.readouterr().out
