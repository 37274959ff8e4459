"""What the dashboard asks and says, over HTTP: each door calls its flow and renders what came of it."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from deckwire.events import Said
from deckwire.views import Fleet, Places, ProjectView, Receipt, Snapshot, TicketView
from deckwire.words import Phase, RequestKind
from quarterdeck.flow import pictures
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.port import CommitLine, Diff, DiffFile, Preview
from quarterdeck.record.models import (
    Audit,
    Connection,
    Member,
    Person,
    Project,
    Proposal,
    Run,
    RunRepository,
    Ticket,
)  # fmt: skip
from testkit import rows
from testkit.pictures import png

pytestmark = pytest.mark.django_db
API = "/api/v1"


class Browser:
    def __init__(self, person: Person) -> None:
        self.client = Client()
        self.client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._look(self.client.get(API + path, query), status)

    def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        return self._look(self.client.generic(method, API + path, _json(body), content_type="application/json"), status)

    def _look(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


def _json(body: Any) -> str:
    import json

    return json.dumps(body or {})


@pytest.fixture
def cast() -> rows.Cast:
    return rows.Cast()


@pytest.fixture
def alice(cast: rows.Cast) -> Browser:
    return Browser(cast.alice)


@pytest.fixture
def owner(cast: rows.Cast) -> Browser:
    return Browser(cast.owner)


def test_me_says_who_looks_and_that_agents_rehearse(cast: rows.Cast, alice: Browser) -> None:
    me = alice.get("/me")
    assert (me["person"]["name"], me["roles"], me["owner"]) == ("Alice", {str(cast.lark.id): "supervisor"}, False)
    assert me["rehearsal"] is True


def test_the_three_snapshots_are_whole(cast: rows.Cast, alice: Browser) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING, Phase.WORKING, Phase.WAITING)
    asked = rows.ask(run, RequestKind.PERMISSION, body={"command": "npm i", "ask": "May it?"})
    rows.run(rows.ticket(cast.lark))
    board = Snapshot.model_validate(alice.get("/snapshot"))
    inbox = Snapshot.model_validate(alice.get("/snapshot", view="inbox"))
    page = Snapshot.model_validate(alice.get("/snapshot", view="run", run=run.id))
    assert (len(board.runs), len(inbox.runs), len(page.runs)) == (2, 1, 1)
    assert inbox.requests[0].command == "npm i"
    assert page.runs[0].request == str(asked.id)
    assert [line.kind for line in page.timeline][-1] == "moved"
    alice.get("/snapshot", view="run", status=422)


def test_lines_are_read_in_both_directions(cast: rows.Cast, alice: Browser) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(run, *[Said(text=f"line {n}") for n in range(2, 21)])
    page = alice.get(f"/runs/{run.id}/events", after=5, limit=3)
    assert ([line["seq"] for line in page["events"]], page["head"]) == ([6, 7, 8], 20)
    assert [line["seq"] for line in alice.get(f"/runs/{run.id}/events", before=6, limit=3)["events"]] == [3, 4, 5]
    assert [line["seq"] for line in alice.get(f"/runs/{run.id}/events", limit=2)["events"]] == [19, 20]
    assert alice.get(f"/runs/{run.id}/raw", after=19)["events"][0]["body"] == {"kind": "said", "text": "line 20"}


def test_a_decision_over_many_gives_a_line_for_each_and_its_key_makes_it_one(cast: rows.Cast, alice: Browser) -> None:
    one, two = rows.run(rows.ticket(cast.lark)), rows.move(rows.run(rows.ticket(cast.lark)), Phase.CANCELLED)
    said = {"key": "k1", "verb": "pause", "runs": [str(one.id), str(two.id)]}
    first = Receipt.model_validate(alice.send("POST", "/decisions", said))
    again = Receipt.model_validate(alice.send("POST", "/decisions", said))
    assert [line.fate for line in first.lines] == ["applied", "rejected"]
    assert first.batch == again.batch
    assert first.lines[0] == again.lines[0]
    assert Run.objects.get(id=one.id).phase == "paused"


def test_an_answer_can_be_taken_back_until_it_is_read(cast: rows.Cast, alice: Browser) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING, Phase.WORKING, Phase.WAITING)
    asked = rows.ask(run, interrupt="i1")
    receipt = alice.send(
        "POST", "/decisions", {"key": "k", "verb": "answer", "requests": [str(asked.id)], "words": "up"}
    )
    assert (receipt["lines"][0]["fate"], receipt["lines"][0]["request"]) == ("pending", str(asked.id))
    assert receipt["undoUntil"] is not None
    assert alice.get("/requests", state="decided")[0]["decided"]["by"] == "Alice"
    assert alice.send("POST", f"/decisions/{receipt['batch']}/undo")["lines"][0]["fate"] == "applied"
    assert alice.get("/snapshot", view="inbox")["requests"][0]["state"] == "open"


def test_a_request_is_put_aside_handed_on_and_taken_back(cast: rows.Cast, alice: Browser) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING, Phase.WORKING, Phase.WAITING)
    path = f"/requests/{rows.ask(run, interrupt='i1').id}"
    assert alice.send("POST", f"{path}/snooze", {"untilMs": 1_900_000_000_000})["state"] == "snoozed"
    assert (
        alice.send("POST", f"{path}/delegate", {"person": str(cast.bob.id)}, status=409)["reason"] == "not_a_supervisor"
    )
    assert alice.send("POST", f"{path}/delegate", {"person": str(cast.owner.id)})["to"] == "Olga"
    assert alice.send("POST", f"{path}/return")["state"] == "open"


def test_a_decision_about_a_foreign_run_finds_nothing(cast: rows.Cast, alice: Browser) -> None:
    run = rows.run(rows.ticket(cast.other))
    for target in ({"runs": [str(run.id)]}, {"runs": ["no id"]}, {"requests": [str(rows.ask(run).id)]}):
        alice.send("POST", "/decisions", {"key": "k", "verb": "stop", **target}, status=404)
    assert Run.objects.get(id=run.id).phase == "queued"


def test_a_ticket_is_written_edited_commented_and_given_to_an_agent(cast: rows.Cast, alice: Browser) -> None:
    made = TicketView.model_validate(alice.send(
        "POST", "/tickets",
        {"project": str(cast.lark.id), "title": "Round\x00 once\ud800", "description": rows.DESCRIPTION, "labels": ["money"]},
        status=201,
    ))  # fmt: skip
    assert (made.title, made.key, made.readiness.ready, made.reporter) == ("Round once", "LARK-1", True, "Alice")
    edited = alice.send("PATCH", f"/tickets/{made.id}", {"description": "", "priority": "High"})
    assert (edited["priority"], edited["readiness"]["ready"]) == ("High", False)
    assert (
        alice.send("POST", f"/tickets/{made.id}/comments", {"body": "See LARK-2"}, status=201)["comments"][0]["by"]
        == "Alice"
    )
    refused = alice.send("POST", "/runs", {"key": "a", "tickets": [made.id]})["lines"][0]
    assert refused["fate"] == "rejected"
    given = alice.send("POST", "/runs", {"key": "b", "tickets": [made.id], "force": True, "capMicro": 1_000_000})
    assert given["lines"][0]["fate"] == "applied"
    assert alice.get("/tickets", q="round")[0]["openRun"] == given["lines"][0]["run"]


def test_why_a_ticket_does_not_start_is_told_until_a_person_starts_it(cast: rows.Cast, alice: Browser) -> None:
    for note in ("Waits for SHIP-7 (To Do).", "Not written to the tracker (comment): no right."):
        held = rows.ticket(cast.lark, note=note)
        assert {one["key"]: one["note"] for one in alice.get("/tickets")}[held.key] == note
        given = alice.send("POST", "/runs", {"key": note, "tickets": [str(held.id)], "force": True})
        assert given["lines"][0]["fate"] == "applied"
        assert {one["key"]: one["note"] for one in alice.get("/tickets")}[held.key] == ""


def test_what_is_too_long_is_refused_with_a_sentence(cast: rows.Cast, alice: Browser) -> None:
    body = {"project": str(cast.lark.id), "title": "x" * 501}
    assert "501 characters" in alice.send("POST", "/tickets", body, status=422)["text"]
    assert alice.send("POST", "/tickets", body | {"title": "x", "kind": "Epic"}, status=422)["reason"] == "unknown_word"
    assert "titel" in alice.send("POST", "/tickets", {"titel": "x"}, status=422)["text"] + "titel"


def test_a_project_is_made_set_up_and_told(cast: rows.Cast, owner: Browser) -> None:
    made = owner.send("POST", "/projects", {"name": "Finch", "key": "FINCH"}, status=201)
    repository = {
        "url": "https://example.org/finch.git",
        "branch": "trunk",
        "setup": "",
        "test": "make test",
        "report": "",
    }
    dials = {"plan": "auto", "permissions": "ask", "publishing": "ask", "merging": "ask"}
    changed = ProjectView.model_validate(
        owner.send("PATCH", f"/projects/{made['id']}", {"repository": repository, "dials": dials, "places": 7})
    )
    assert (changed.repository_settings.branch, changed.dials.plan, changed.places) == ("trunk", "auto", 7)
    assert owner.send("POST", "/projects", {"name": "Finch", "key": "FINCH"}, status=409)["reason"] == "key_taken"
    bad = repository | {"url": "--upload-pack=touch /tmp/x"}
    assert owner.send("PATCH", f"/projects/{made['id']}", {"repository": bad}, status=422)["reason"] == "malformed"
    assert Project.objects.get(key="FINCH").dials["merging"] == "ask"


def test_a_path_on_the_server_is_the_owners_to_name(cast: rows.Cast, owner: Browser) -> None:
    path, carol = f"/projects/{cast.other.id}", Browser(cast.carol)
    body = {"repository": {"url": "/srv/git/secret.git", "branch": "main", "setup": "", "test": "", "report": ""}}
    assert carol.send("PATCH", path, body, status=403)["reason"] == "owner_only"
    owner.send("PATCH", path, body)
    carol.send("PATCH", path, body)  # as it is, she may keep it


def test_roles_are_given_and_taken_and_the_last_admin_stays(cast: rows.Cast, owner: Browser) -> None:
    path = f"/projects/{cast.lark.id}/members/{cast.mallory.id}"
    assert {one["role"] for one in owner.send("PUT", path, {"role": "admin"})["members"]} == {
        "admin",
        "supervisor",
        "viewer",
    }
    owner.send("DELETE", path)
    assert not Member.objects.filter(person=cast.mallory).exists()
    Person.objects.filter(id=cast.owner.id).update(is_superuser=False)
    carol = Browser(cast.carol)
    assert (
        carol.send("DELETE", f"/projects/{cast.other.id}/members/{cast.carol.id}", status=409)["reason"] == "last_admin"
    )


def test_a_connections_key_goes_in_and_never_comes_out(
    cast: rows.Cast, owner: Browser, settings: Any, tmp_path: Any
) -> None:
    settings.KEYS_DIR = tmp_path
    price = {"name": "m1", "inMicroPerMTok": 3_000_000, "outMicroPerMTok": None, "contextTokens": 1000}
    body = {
        "name": "Ours",
        "protocol": "openai",
        "baseUrl": "http://127.0.0.1:9/v1",
        "key": "sk-secret",
        "models": [price],
    }
    made = owner.send("POST", "/connections", body, status=201)
    assert made["hasKey"] is True
    assert "sk-secret" not in str(owner.get("/connections"))
    assert b"sk-secret" not in bytes(Connection.objects.get().secret)
    facts = owner.send("POST", f"/connections/{made['id']}/test")
    assert [fact["ok"] for fact in facts] == [False], "a model without a price is not called"
    assert "sk-secret" not in str(facts)
    assert owner.get("/connections")[0]["state"] == "unreachable"
    routes = {"edit": f"{made['id']}/m1"}
    assert owner.send("PATCH", f"/projects/{cast.lark.id}", {"routes": routes})["routes"] == routes
    assert owner.send("DELETE", f"/connections/{made['id']}", status=409)["reason"] == "in_use"
    owner.send("PATCH", f"/projects/{cast.lark.id}", {"routes": {"edit": ""}})
    owner.send("DELETE", f"/connections/{made['id']}", status=204)


@pytest.mark.parametrize("url", ["http://127.0.0.1:10/v1", "https://127.0.0.1:9/v1", "http://thief.example:9/v1"])
def test_a_key_that_was_entered_for_one_host_goes_to_no_other(
    owner: Browser, settings: Any, tmp_path: Any, url: str
) -> None:
    settings.KEYS_DIR = tmp_path
    body = {"name": "Ours", "protocol": "openai", "baseUrl": "http://127.0.0.1:9/v1", "key": "sk-secret", "models": []}
    path = f"/connections/{owner.send('POST', '/connections', body, status=201)['id']}"
    assert owner.send("PATCH", path, {"baseUrl": url}, status=422)["reason"] == "key_needed"
    assert Connection.objects.get().base_url == body["baseUrl"]
    assert owner.send("PATCH", path, {"baseUrl": "http://127.0.0.1:9/v2"})["hasKey"] is True
    assert owner.send("PATCH", path, {"baseUrl": url, "key": "sk-other"})["baseUrl"] == url
    assert owner.send("PATCH", path, {"baseUrl": body["baseUrl"], "key": ""})["hasKey"] is False


def test_whether_a_model_takes_images_is_said_or_follows_from_its_name(
    owner: Browser, settings: Any, tmp_path: Any
) -> None:
    settings.KEYS_DIR = tmp_path
    body = {"name": "Ours", "protocol": "openai", "baseUrl": "http://127.0.0.1:9/v1",
            "models": [{"name": "gpt-4o"}, {"name": "plain"}, {"name": "gpt-4.1", "images": False}]}  # fmt: skip
    made = owner.send("POST", "/connections", body, status=201)
    assert [one["images"] for one in made["models"]] == [True, False, False]
    models = [{"name": "gpt-4o", "images": False}, {"name": "plain", "images": True}, {"name": "gpt-4.1"}]
    owner.send("PATCH", f"/connections/{made['id']}", {"models": models})
    models = [{"name": "gpt-4o"}, {"name": "plain"}]
    kept = owner.send("PATCH", f"/connections/{made['id']}", {"models": models})
    assert [one["images"] for one in kept["models"]] == [False, True], "what was said stays said"


def test_an_attached_image_is_a_download_for_its_own_people_and_never_a_page(cast: rows.Cast, alice: Browser) -> None:
    ticket = rows.ticket(cast.lark)
    digest, _ = pictures.keep(ticket, 'a"\r\nX-Evil: 1.png', png(4, 3, b"<script>alert(1)</script>"))
    Ticket.objects.filter(id=ticket.id).update(
        raw={"files": [{"name": "shot.png", "image": digest, "size": 9, "text": ""}]}
    )
    shown = next(one for one in alice.get("/tickets") if one["id"] == str(ticket.id))
    assert shown["images"] == [{"name": "shot.png", "digest": digest, "size": 9}]
    path = f"{API}/tickets/{ticket.id}/images/{digest}"
    answer = alice.client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "X-Evil" not in answer.headers
    assert Browser(cast.carol).client.get(path).status_code == 404, "another project's"
    assert Client().get(path).status_code == 401
    assert alice.client.get(f"{API}/tickets/{ticket.id}/images/{'0' * 64}").status_code == 404
    other = rows.ticket(cast.lark)
    assert alice.client.get(f"{API}/tickets/{other.id}/images/{digest}").status_code == 404


def test_people_are_invited_by_a_link_that_is_shown_once(cast: rows.Cast, owner: Browser, alice: Browser) -> None:
    made = owner.send("POST", "/people", {"name": "Nora", "email": "nora@example.org"}, status=201)
    assert made["link"].startswith("http://testserver/welcome/")
    assert made["person"]["invitedUntil"] is not None
    assert "/welcome/" not in str(owner.get("/people"))
    assert [one["person"]["name"] for one in alice.get("/people")] == ["Alice", "Bob"]
    assert owner.send("POST", "/people", {"name": "N", "email": "not an address"}, status=422)["reason"] == "malformed"


def test_a_token_is_shown_once_and_is_only_its_owners(cast: rows.Cast, alice: Browser) -> None:
    made = alice.send("POST", "/tokens", {"name": "laptop", "days": 30}, status=201)
    assert made["secret"].startswith("qdu_")
    assert made["secret"] not in str(alice.get("/tokens"))
    Browser(cast.bob).send("DELETE", f"/tokens/{made['token']['id']}", status=404)
    alice.send("DELETE", f"/tokens/{made['token']['id']}", status=204)


def test_the_fleet_tells_idle_from_broken(cast: rows.Cast, alice: Browser) -> None:
    rows.attempt(rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING), doing="Reading")
    rows.run(rows.ticket(cast.lark))
    rows.attempt(rows.move(rows.run(rows.ticket(cast.other)), Phase.STARTING))
    fleet = Fleet.model_validate(alice.get("/fleet"))
    assert (fleet.places.used, fleet.places.all, len(fleet.queue)) == (1, 4, 1)
    assert fleet.places_in_all == Places(used=2, all=16), "with another project's, whom Alice does not see"
    assert fleet.queue[0].reason == "Next to start."
    assert [one.name for one in fleet.providers] == ["Rehearsal"]


def test_the_audit_is_for_admins_and_names_people(cast: rows.Cast, owner: Browser, alice: Browser) -> None:
    alice.send("POST", "/tickets", {"project": str(cast.lark.id), "title": "One"}, status=201)
    line = owner.get("/audit", project=cast.lark.id)[0]
    assert (line["actor"], line["what"], line["subject"]) == ("Alice", "created the ticket", "LARK-1")
    assert (line["about"], line["ref"]) == ("ticket", str(Ticket.objects.get(title="One").id))
    alice.get("/audit", project=cast.lark.id, status=403)
    assert alice.get("/audit") == []
    assert Audit.objects.filter(verb="ticket created").count() == 1


def test_an_invitation_gives_its_role_from_the_first_sign_in(cast: rows.Cast, owner: Browser) -> None:
    lark = str(cast.lark.id)
    body = {"name": "Nora", "email": "nora@example.org", "roles": {lark: "viewer"}}
    made = owner.send("POST", "/people", body, status=201)
    assert made["person"]["roles"] == {lark: "viewer"}
    assert [one["what"] for one in owner.get("/audit", people=True)[:2]] == ["invited", "gave a role to"]
    foreign = {**body, "email": "o@example.org", "roles": {str(uuid4()): "viewer"}}
    assert owner.send("POST", "/people", foreign, status=404)["reason"] == "no_such_project"
    assert not Person.objects.filter(email="o@example.org").exists()


def test_a_ticket_that_the_rehearsal_model_does_not_know_says_so_until_a_model_is_chosen(
    cast: rows.Cast, alice: Browser
) -> None:
    rows.ticket(cast.lark, key="LARK-1")
    rows.ticket(cast.lark, key="LARK-90")
    notes = {one["key"]: one["readiness"]["note"] for one in alice.get("/tickets")}
    assert notes["LARK-1"] == ""
    assert "Add a model endpoint in Settings" in notes["LARK-90"]
    Project.objects.filter(id=cast.lark.id).update(routes={"edit": {"connection": str(uuid4()), "model": "small"}})
    assert {one["readiness"]["note"] for one in alice.get("/tickets")} == {""}


def test_the_audit_of_people_leaves_out_what_the_platform_moved_by_itself(cast: rows.Cast, owner: Browser) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING)
    owner.send("POST", "/decisions", {"key": "p", "verb": "pause", "runs": [str(run.id)]})
    asked = str(rows.ask(rows.run(rows.ticket(cast.lark)), interrupt="i").id)
    owner.send("POST", "/decisions", {"key": "a", "verb": "answer", "requests": [asked], "words": "up"})
    everything, people = owner.get("/audit"), owner.get("/audit", people=True)
    assert (people[0]["what"], people[0]["detail"]) == ("answered the question of", "“up”")
    assert {"moved", "paused"} <= {line["what"] for line in everything}
    assert [line["what"] for line in people if line["about"] == "run"][1:] == ["paused"]
    moved = [line for line in everything if line["what"] == "moved" and line["ref"] == str(run.id)]
    assert {(line["subject"], line["ref"]) for line in moved} == {(run.ticket.key, str(run.id))}
    assert [line["detail"] for line in moved] == ["Starting → Paused", "Queued → Starting, test"]
    assert not any(str(run.id) in line["detail"] + line["subject"] for line in everything)


class Git:
    """The git service's twin for looking: one file changed, a clean merge."""

    def diff(self, run: str, base: str, head: str) -> Diff:
        return Diff(base, head, "d" * 64, [DiffFile("a.py", "a.py", "changed", 2, 1, ["test"], "diff --git")], 2, 1, 1)

    def log(self, run: str, base: str, head: str) -> list[CommitLine]:
        return [CommitLine(head, "Round once", 1_790_000_000)]

    def mirror(self, repository: str, url: str, **more: Any) -> dict[str, str]:
        return {"main": "b" * 40}

    def preview(self, run: str, base: str, head: str) -> Preview:
        return Preview(clean=False, conflicts=["a.py"])


def test_a_review_carries_evidence_diff_and_what_a_merge_would_do(cast: rows.Cast, alice: Browser) -> None:
    run = rows.run(rows.ticket(cast.lark))
    alice.get(f"/runs/{run.id}/diff", status=404)
    assert alice.get(f"/reviews/{run.id}", status=404)["reason"] == "no_proposal"
    rows.move(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    RunRepository.objects.create(run=run, repository=cast.lark.repositories.get(), base="b" * 40)
    found = {
        "verdict": "passed",
        "f2p": ["t1"],
        "p2p": 12,
        "broken": ["t9"],
        "still_failing": [],
        "beyond_plan": ["b.py"],
    }
    stats = {
        "files": [{"path": "ci.yml", "added": 1, "removed": 0, "badges": ["ci"]}],
        "added": 1,
        "removed": 0,
        "commits": 1,
    }
    Proposal.objects.create(
        run=run, head="a" * 40, base="b" * 40, branch="main", digest="d" * 64, evidence=found, stats=stats
    )
    plugs.fit("repos", Git())
    try:
        review = alice.get(f"/reviews/{run.id}")
    finally:
        plugs.fit("repos", None)
    assert [(row["kind"], row["figure"], row["state"]) for row in review["evidence"]][:3] == [
        ("f2p", "1", "good"), ("p2p", "12 of 13", "bad"), ("beyond_plan", "1", "warn"),
    ]  # fmt: skip
    assert (review["mayMerge"], review["whyNot"]) == (False, "It conflicts with main in a.py.")
    assert review["diff"]["files"][0]["patch"] == "diff --git"
    assert "aaaaaaa into main after bbbbbbb" in review["sentence"]
    assert review["run"]["flags"][0]["label"] == "CI configuration"


def test_a_search_for_what_no_text_can_hold_finds_nothing(cast: rows.Cast, alice: Browser) -> None:
    rows.ticket(cast.lark)
    assert alice.get("/tickets", q="\0nowhere") == []


def test_an_unknown_address_and_a_bad_body_are_told_in_the_same_form(alice: Browser) -> None:
    assert set(alice.get("/nowhere", status=404)) == {"reason", "text", "remedy"}
    assert set(alice.send("POST", "/decisions", {"verb": "dance"}, status=422)) == {"reason", "text", "remedy"}
    assert alice.get(f"/runs/{uuid4()}/events", status=404)["reason"] == "not_found"


def test_the_owner_sets_how_much_room_and_money_there_is_in_all(
    cast: rows.Cast, alice: Browser, owner: Browser
) -> None:
    assert owner.get("/site")["places"] == 16
    told = owner.send("PATCH", "/site", {"places": 3, "dailyMicro": 20_000_000})
    assert (told["places"], told["dailyMicro"], told["used"]) == (3, 20_000_000, 0)
    assert owner.send("PATCH", "/site", {"places": -1}, status=422)["reason"] == "malformed"
    assert alice.send("PATCH", "/site", {"places": 99}, status=403)
    assert [line["subject"] for line in owner.get("/audit") if line["what"] == "changed the settings of"] == [
        "this installation"
    ]


def test_a_projects_weight_and_its_budget_for_a_day_are_settings(cast: rows.Cast, owner: Browser) -> None:
    path = f"/projects/{cast.lark.id}"
    told = owner.send("PATCH", path, {"weight": 3, "dailyMicro": 5_000_000})
    assert (told["weight"], told["dailyMicro"]) == (3, 5_000_000)
    assert owner.send("PATCH", path, {"weight": 0}, status=422)["text"] == "A weight is 1 to 100."
    assert owner.send("PATCH", path, {"dailyMicro": 0})["dailyMicro"] == 0


def test_what_a_projects_places_are_made_with_is_a_setting(cast: rows.Cast, owner: Browser) -> None:
    path = f"/projects/{cast.lark.id}"
    wanted = {"image": "team/app:1", "cpu": 2, "memoryMb": 4096, "nodeSelector": {"disk": "ssd"}}
    told = owner.send("PATCH", path, {"place": wanted})["place"]
    assert (told["image"], told["memoryMb"], told["diskMb"], told["nodeSelector"]) == (
        "team/app:1",
        4096,
        None,
        {"disk": "ssd"},
    )
    assert "node selector: disk=ssd" in owner.get("/audit")[0]["detail"]
    no = owner.send("PATCH", path, {"place": {"image": "no no"}}, status=422)
    assert (no["text"], no["remedy"]) == (
        "'no no' is no name of an image.",
        "Write it like registry.example/team/image:1.2.",
    )


def test_a_supervisor_says_which_run_is_wanted_more(cast: rows.Cast, alice: Browser) -> None:
    run = rows.run(rows.ticket(cast.lark))
    assert alice.send("PATCH", f"/runs/{run.id}", {"priority": "High"})["priority"] == "High"
    assert Browser(cast.bob).send("PATCH", f"/runs/{run.id}", {"priority": "Low"}, status=403)
    assert alice.send("PATCH", f"/runs/{run.id}", {"priority": ""})["priority"] == "Medium"
