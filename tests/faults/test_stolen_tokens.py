"""What Mallory can do with an attempt's tokens: with a replaced one nothing, with a living one only what its agent could."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deckwire.words import Audience
from quarterdeck.doors.agent_table import DOORS, PREFIX
from testkit import history
from testkit.desk import Json
from testkit.storm import Sea
from testkit.thief import Thief
from testkit.waiting import until

pytestmark = pytest.mark.faults
LINGER = """update record_project set dials = dials || jsonb_build_object('linger', %s::int)"""
OURS = [door for door in DOORS if door.audience not in (None, Audience.CHECK)]


@pytest.fixture
def patient(sea: Sea) -> Iterator[Sea]:
    """Agents that wait for an answer keep their place, so that their tokens live."""
    sea.house.change(LINGER, 600)
    yield sea
    sea.house.change(LINGER, 2)


def open_run(sea: Sea, ticket: str) -> str:
    """A run whose agent has asked for its plan and waits."""
    sea.alice.assign(ticket)
    sea.alice.asked(ticket, "plan")
    return sea.alice.run(ticket)


@pytest.fixture
def replaced(patient: Sea) -> Iterator[Thief]:
    """Its agent was killed, and another works in its place."""
    run = open_run(patient, "LARK-1")
    patient.house.kill(f"agent:{run}")
    patient.alice.answer("approve", patient.alice.asked("LARK-1", "plan"))
    until(lambda: patient.house.value("select max(epoch) from record_attempt where run_id = %s", run) > 1, 60)
    yield Thief.of(patient.house, run, 1)
    patient.alice.asked("LARK-1", "review")
    patient.alice.decide("stop", "LARK-1")


def test_an_old_epochs_token_is_refused_with_409_at_every_door(replaced: Thief, patient: Sea) -> None:
    before = patient.house.rows(
        "select count(*) from record_event where stream = %s and epoch = 1", f"run:{replaced.run}"
    )
    for door in OURS:
        assert door.audience is not None
        answer = replaced.knock(
            door.method, PREFIX + door.path, door.audience, json={} if door.method == "POST" else None
        )
        assert (answer.status_code, answer.json()["reason"]) == (409, "fenced"), f"{door.path}: {answer.text}"
    hello = replaced.knock(
        "POST", f"{PREFIX}hello", Audience.SESSION, json={"secret": replaced.secret, "nonce": "n" * 64}
    )
    assert (hello.status_code, hello.json()["reason"]) == (409, "fenced")
    after = patient.house.rows(
        "select count(*) from record_event where stream = %s and epoch = 1", f"run:{replaced.run}"
    )
    assert after == before


def test_an_old_epochs_git_push_and_fetch_are_refused_with_409(replaced: Thief, tmp_path: Path) -> None:
    for service in ("git-receive-pack", "git-upload-pack"):
        asked = replaced.knock("GET", f"/run/{replaced.run}.git/info/refs?service={service}", Audience.GIT, door="git")
        said = replaced.knock("POST", f"/run/{replaced.run}.git/{service}", Audience.GIT, door="git", content=b"0000")
        assert (asked.status_code, said.status_code) == (409, 409), asked.text + said.text
    clone(replaced, tmp_path)
    pushed = replaced.git(tmp_path, "push --force REMOTE HEAD:refs/heads/run")
    assert pushed.returncode != 0
    assert "409" in pushed.stderr


def clone(thief: Thief, folder: Path) -> None:
    """A checkout with a commit of Mallory's own."""
    origin = thief.house.data / "origins" / "larkfield.git"
    for words in (
        ["clone", "-q", str(origin), "."],
        ["config", "user.email", "m@example.org"],
        ["config", "user.name", "M"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    (folder / "evil.py").write_text("EVIL = 1\n")
    for words in (["add", "-A"], ["commit", "-qm", "Evil"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def two(patient: Sea) -> Iterator[tuple[Thief, str]]:
    """Mallory has the living tokens of LARK-1's agent; LARK-2's run is somebody else's."""
    mine, other = open_run(patient, "LARK-1"), open_run(patient, "LARK-2")
    yield Thief.of(patient.house, mine, 1), other
    patient.alice.decide("stop", "LARK-1", "LARK-2")


def lines(thief: Thief, bodies: list[Json]) -> Json:
    """Numbered as the agent's own next lines."""
    last = int(thief.house.value("select max(n) from record_event where stream = %s and epoch = 1", f"run:{thief.run}"))
    return {"epoch": 1, "events": [{"n": n, "at": 1.7e9, "body": body} for n, body in enumerate(bodies, last + 1)]}


def test_a_stolen_token_changes_no_desired_state(two: tuple[Thief, str], patient: Sea) -> None:
    """A person's words and the platform's own are not an agent's to say: they are kept as quarantined stubs."""
    thief, _ = two
    row = "select desired, phase, cap_micro, epoch from record_run where id = %s"
    before = patient.house.rows(row, thief.run)
    forged = [
        {"kind": "decided", "verb": "approve", "by": "Alice"},
        {"kind": "moved", "was": "working", "to": "merged", "reason": "x", "by": "x"},
        {"kind": "merged", "sha": "0" * 40, "branch": "main"},
        {"kind": "attempted", "epoch": 9, "state": "running"},
        {"kind": "spent", "call": "c", "model": "m", "micro": -5},
    ]
    sent = [number["n"] for number in lines(thief, forged * 2)["events"]]
    for path in ("events", "step"):
        answer = thief.knock("POST", PREFIX + path, Audience.STEP, json=lines(thief, forged))
        assert answer.status_code == 200, answer.text
    stored = patient.house.rows(
        "select kind from record_event where stream = %s and n >= %s", f"run:{thief.run}", sent[0]
    )
    assert [one["kind"] for one in stored] == ["quarantined"] * len(sent)
    assert patient.house.rows(row, thief.run) == before
    for audience in (Audience.SESSION, Audience.STEP, Audience.MODEL, Audience.GIT):
        bearer = {"authorization": f"Bearer {thief.token(audience)}"}
        for path in ("me", "snapshot?view=board", f"runs/{thief.run}/events"):
            assert patient.alice.api.get(path, headers=bearer).status_code == 401
        body = {"key": "k", "verb": "stop", "runs": [thief.run]}
        assert patient.alice.api.post("decisions", json=body, headers=bearer).status_code == 401
        assert thief.knock("GET", "/api/v1/me", audience).status_code == 404


def test_a_stolen_token_reads_no_other_run(two: tuple[Thief, str], patient: Sea) -> None:
    thief, other = two
    theirs = patient.house.value("select head from record_run where id = %s", other)
    own = thief.knock("GET", f"{PREFIX}checkpoint?thread=main&ns=&id=", Audience.STEP)
    assert own.json()["envelope"]["id"] == patient.house.value("select head from record_run where id = %s", thief.run)
    assert thief.knock("GET", f"{PREFIX}checkpoint?thread=main&ns=&id={theirs}", Audience.STEP).status_code == 404
    listed = thief.knock("GET", f"{PREFIX}checkpoints?thread=main&ns=&limit=1000", Audience.STEP).json()["items"]
    assert listed
    assert theirs not in {one["envelope"]["id"] for one in listed}
    for audience in (Audience.SESSION, Audience.MODEL, Audience.GIT):
        assert thief.knock("GET", f"{PREFIX}checkpoint?thread=main&ns=&id=", audience).status_code == 401


def test_a_stolen_token_sees_no_object_of_another_runs_repository(
    two: tuple[Thief, str], patient: Sea, tmp_path: Path
) -> None:
    """Neither by the other's address nor by naming the object's sha at its own, in any version of the protocol."""
    thief, other = two
    work = tmp_path / "work"
    work.mkdir()
    clone(thief, work)
    secret = Thief.of(patient.house, other, 1)
    pushed = secret.git(work, "push -q --force REMOTE HEAD:refs/heads/run")
    assert pushed.returncode == 0, pushed.stderr
    sha = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=work, capture_output=True, text=True, check=True
    ).stdout.strip()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=fresh, check=True)
    assert thief.git(fresh, "fetch -q REMOTE refs/heads/run").returncode == 0
    foreign = thief.git(fresh, "fetch REMOTE refs/heads/run", run=other)
    assert foreign.returncode != 0
    assert "403" in foreign.stderr
    for version in (0, 1, 2):
        taken = thief.git(fresh, f"-c protocol.version={version} fetch REMOTE {sha}")
        assert taken.returncode != 0, f"version {version} gave {sha}"
    gone = subprocess.run(["git", "cat-file", "-e", sha], cwd=fresh, capture_output=True)
    assert gone.returncode != 0


def test_a_second_hello_with_a_stolen_secret_is_theft_and_fences(patient: Sea) -> None:
    run = open_run(patient, "LARK-3")
    thief = Thief.of(patient.house, run, 1)
    stolen = thief.knock(
        "POST", f"{PREFIX}hello", Audience.SESSION, json={"secret": thief.secret, "nonce": uuid.uuid4().hex * 2}
    )
    assert (stolen.status_code, stolen.json()["reason"]) == (409, "theft")
    assert patient.house.value("select state from record_attempt where run_id = %s and epoch = 1", run) == "fenced"
    patient.alice.decide("stop", "LARK-3")
    assert history.check(history.read(patient.house)) == []
