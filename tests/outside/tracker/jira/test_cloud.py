"""Jira Cloud over real HTTP: the contract, every request by Atlassian's own description, and what goes wrong out there."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.tracker.jira import oauth
from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.cloud import Cloud
from quarterdeck.outside.tracker.jira.config import Config, MemoryTokens, Tokens
from quarterdeck.outside.tracker.jira.connect import connect
from quarterdeck.outside.tracker.jira.demo import server
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo, Fault, limited
from quarterdeck.outside.tracker.jira.demo.site import IDA, project, status
from quarterdeck.outside.tracker.port import WRITES
from quarterdeck.outside.tracker.shapes import Draft
from testkit import adf, openapi, recorded, trackers


@pytest.fixture
def demo() -> Iterator[Demo]:
    site = larkfield()
    for n in range(100):
        site.create(IDA, {"project": project("LARK", "Larkfield"), "summary": f"Ticket {n}"})
    with Demo(site) as made:
        yield made


def config(demo: Demo, **more: object) -> Config:
    return Config("cloud", demo.url, **{"email": server.EMAIL, "token": server.TOKEN, **more})


def signed_in(demo: Demo, **more: object) -> Config:
    return config(demo, token="", email="", cloud_id=server.CLOUD_ID, client_id=server.CLIENT_ID,
                  client_secret=server.CLIENT_SECRET, gateway=demo.url, login=demo.url, **more)  # fmt: skip


@pytest.fixture
def recorder() -> openapi.Recorder:
    return openapi.Recorder()


@pytest.fixture
def cloud(demo: Demo, recorder: openapi.Recorder, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """Whatever a test asks is held against Atlassian's description; where that is not there, only this part is left out."""
    there = recorded.there()
    made = connect(config(demo), transport=recorder if there else None)
    assert isinstance(made, Cloud)
    yield made
    made.close()
    assert recorder.wrong == []
    for body in recorder.bodies:
        fields = body.get("fields")
        described = fields.get("description") if isinstance(fields, dict) else None
        for said in (body.get("body"), body.get("comment"), described):
            assert said is None or adf.wrong(said) == ""


def first(cloud: Cloud, key: str = "LARK-1") -> str:
    return cloud.fetch(key).id


class TestCloud(trackers.Contract):
    @pytest.fixture
    def bench(self, cloud: Cloud, demo: Demo) -> trackers.Bench:
        return trackers.Bench(
            cloud, "project = LARK", lambda key: f'key = "{key}"', ["LARK-1", "LARK-2", "LARK-3"], "999", ("Done",),
            switched=lambda allowed: connect(config(demo, allowed=allowed)),
        )  # fmt: skip


def test_every_request_that_there_is_fits_the_description(demo: Demo, recorder: openapi.Recorder) -> None:
    openapi.described()
    tokens = MemoryTokens(Tokens("demo-access-0", "demo-refresh-0", 4e9))
    cloud = connect(signed_in(demo), tokens, transport=recorder)
    id, at = first(cloud), datetime(2026, 11, 2, tzinfo=UTC)
    kept = demo.site.attach(IDA, demo.site.issues[id], "log.txt", "text/plain", b"line")
    cloud.test()
    cloud.search("project = LARK", cloud.search("project = LARK").cursor)
    cloud.count("project = LARK")
    cloud.fetch_many([id])
    cloud.changed_since("project = LARK", at)
    for _ in range(2):
        cloud.comment(id, "run-1", "Working")
        cloud.worklog(id, "run-1", 90, "Worked", at)
        cloud.link(id, "g", "https://a.example", "Run")
        epic = cloud.fetch("LARK-9")
        cloud.create("draft-1", Draft("LARK", "Task", "Planned", "Text", epic.id, ["planned"]))
    cloud.transition(id, "doing")
    cloud.transition(id, "doing", names=["In Review"], sideways=True)
    cloud.transition(id, "done", names=["Done"], fields={"resolution": "Done"})
    cloud.label(id, add=["agent-done"], remove=["money"])
    cloud.changes(id)
    cloud.attachment(cloud.fetch(id).attachments[0], 100)
    hook = cloud.hook("https://deck.example/hooks/jira", "project = LARK", ["jira:issue_updated", "comment_created"])
    cloud.refresh_hooks([hook.id])
    cloud.unhook([hook.id])
    assert recorder.wrong == []
    assert kept["id"]
    kinds = {re.sub(r"/(\d{4,}|LARK-\d+)", "/*", call) for call in recorder.calls}
    assert kinds == {
        "GET /rest/api/3/serverInfo", "GET /rest/api/3/myself", "GET /rest/api/3/mypermissions", "GET /rest/api/3/field",
        "GET /rest/api/3/issue/*", "PUT /rest/api/3/issue/*", "POST /rest/api/3/issue", "POST /rest/api/3/issue/bulkfetch",
        "POST /rest/api/3/search/jql", "POST /rest/api/3/search/approximate-count", "GET /rest/api/3/issue/*/comment",
        "POST /rest/api/3/issue/*/comment", "PUT /rest/api/3/issue/*/comment/*", "GET /rest/api/3/issue/*/transitions",
        "POST /rest/api/3/issue/*/transitions", "POST /rest/api/3/issue/*/remotelink", "GET /rest/api/3/issue/*/worklog",
        "POST /rest/api/3/issue/*/worklog", "PUT /rest/api/3/issue/*/worklog/*", "GET /rest/api/3/issue/*/changelog",
        "GET /rest/api/3/attachment/content/*", "POST /rest/api/3/webhook", "GET /rest/api/3/webhook",
        "PUT /rest/api/3/webhook/refresh", "DELETE /rest/api/3/webhook",
    }  # fmt: skip


def test_a_comment_of_ours_is_known_again_by_a_process_that_never_saw_it(
    cloud: Cloud, demo: Demo, recorder: openapi.Recorder
) -> None:
    id = first(cloud)
    made = cloud.comment(id, "run-1", "Working")
    cloud.comment(id, "run-2", "Another")
    again = connect(config(demo), transport=recorder)
    assert again.comment(id, "run-1", "Done") == made
    assert [one.body for one in cloud.comments(id)] == ["Done", "Another"]


@pytest.mark.parametrize("path", ["/comment", "/worklog", "/transitions", "/issue"])
def test_a_write_whose_answer_was_lost_is_not_done_twice(cloud: Cloud, demo: Demo, path: str) -> None:
    id, epic = first(cloud), cloud.fetch("LARK-9")
    at = datetime(2026, 11, 2, tzinfo=UTC)
    writes = {
        "/comment": lambda: cloud.comment(id, "run-1", "Working"),
        "/worklog": lambda: cloud.worklog(id, "run-1", 90, "Worked", at),
        "/transitions": lambda: cloud.transition(id, "doing"),
        "/issue": lambda: cloud.create("d", Draft("LARK", "Task", "New", "", epic.id)),
    }
    before = len(demo.site.issues)
    demo.fail(Fault(0, method="POST", path=path if path != "/issue" else "/rest/api/3/issue", after=True))
    if path == "/transitions":
        assert writes[path]() is False  # it stands where it should: nothing is owed
    else:
        with pytest.raises(TryLater):
            writes[path]()
        writes[path]()
    told = [
        len(demo.site.comments[id]),
        len(demo.site.worklogs[id]),
        len(demo.site.issues) - before,
        len(demo.site.histories[id]),
    ]
    assert told == [path == "/comment", path == "/worklog", path == "/issue", path == "/transitions"]


def test_the_comment_that_somebody_deleted_is_written_anew(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    cloud.comment(id, "run-1", "Working")
    demo.site.comments[id].clear()
    cloud.comment(id, "run-1", "Still working")
    assert [one.body for one in cloud.comments(id)] == ["Still working"]


def test_a_page_is_not_lost_when_tickets_move_meanwhile(cloud: Cloud, demo: Demo) -> None:
    page = cloud.search("project = LARK ORDER BY updated DESC")
    demo.site.edit(IDA, demo.site.issues[first(cloud)], {"summary": "Moved to the front"})
    seen = [one.id for one in page.issues]
    while not page.last:
        page = cloud.search("project = LARK ORDER BY updated DESC", page.cursor)
        seen += [one.id for one in page.issues]
    assert sorted(seen, key=int) == sorted(demo.site.issues, key=int)


def test_an_index_that_is_late_is_told_what_we_wrote(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    demo.site.lag = 3600
    cloud.transition(id, "doing")
    assert [one.status for one in cloud.search('status = "In Progress"').issues] == ["In Progress"]
    stranger = connect(config(demo))
    assert stranger.search('status = "In Progress"').issues == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sprint = 3 AND projekt = LARK", "Field 'sprint' does not exist or you do not have permission to view it."),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("project = LARK status", "Expecting either 'OR' or 'AND' but got 'status'"),
        ("updated >= yesterday", "Date value 'yesterday' for field 'updated' is invalid."),
        ("", "Unbounded JQL queries are not allowed here."),
    ],
)
def test_bad_jql_is_told_in_jiras_own_words(cloud: Cloud, query: str, words: str) -> None:
    for ask in (cloud.count, cloud.search):
        with pytest.raises(Refused) as no:
            ask(query)
        assert no.value.reason == "bad_query"
        assert words in no.value.text


def test_a_ticket_is_told_with_all_that_stands_around_it(cloud: Cloud, demo: Demo) -> None:
    row = demo.site.issues[first(cloud, "LARK-5")]
    demo.site.say(IDA, row, document("Please, @agent"))
    demo.site.attach(IDA, row, "shot.png", "image/png", b"\x89PNG")
    row["fields"]["customfield_10010"] = document("- green\n- fast")
    demo.site.edit(IDA, row, {"labels": ["agent:plan"]})
    told = cloud.fetch("LARK-5")
    assert told.blockers()[0].key == "LARK-4"
    assert [one.key for one in cloud.fetch("LARK-8").links if one.how == "parent"] == ["LARK-9"]
    assert (told.reporter, told.reporter_id, told.project, told.kind) == ("Ida Larkfield", IDA, "LARK", told.kind)
    assert [(one.author_id, one.body) for one in told.comments] == [(IDA, "Please, @agent")]
    assert told.fields == {"Acceptance criteria": "- green\n- fast"}
    assert told.url == f"{demo.url}/browse/LARK-5"
    assert cloud.attachment(told.attachments[0], 100) == b"\x89PNG"
    change = cloud.changes(told.id)[-1]
    assert (change.field, "agent:plan" in change.added(), change.author_id) == ("labels", True, IDA)
    assert cloud.fetch("LARK-9").kind == "Epic"


def test_an_attachment_that_lies_about_its_size_is_cut_off(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    kept = demo.site.attach(IDA, demo.site.issues[id], "big.bin", "application/octet-stream", b"x" * 5_000)
    with pytest.raises(Refused) as no:
        cloud.attachment(cloud.fetch(id).attachments[0], 4_999)
    assert no.value.reason == "too_big"
    kept["size"] = 1
    with pytest.raises(Refused):
        cloud.attachment(cloud.fetch(id).attachments[0], 4_999)


def test_a_moved_ticket_is_the_same_by_its_id_and_a_deleted_one_is_gone(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    demo.site.move(demo.site.issues[id], project("SHOP", "Shop"))
    assert (cloud.fetch(id).key, cloud.fetch("LARK-1").id) == ("SHOP-1", id)
    demo.site.delete(demo.site.issues[id])
    with pytest.raises(Refused) as no:
        cloud.fetch(id)
    assert no.value.reason == "no_such_ticket"


def test_done_is_never_guessed(cloud: Cloud) -> None:
    id = first(cloud)
    with pytest.raises(Refused) as no:
        cloud.transition(id, "done")
    assert (no.value.reason, "Won't do" in no.value.text) == ("ambiguous", True)
    assert cloud.fetch(id).status == "To Do"


def test_a_screen_that_asks_for_something_is_told_and_can_be_filled(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    demo.site.screens["Done"] = {"resolution": {"name": "Resolution", "required": True, "hasDefaultValue": False,
                                 "schema": {"type": "resolution"}, "allowedValues": [{"id": "1", "name": "Fixed"}]}}  # fmt: skip
    with pytest.raises(Refused) as no:
        cloud.transition(id, "done", names=["Done"])
    assert (no.value.reason, "Resolution (Fixed)" in no.value.text) == ("screen_fields", True)
    way = next(one for one in cloud.transitions(id) if one.status == "Done")
    assert [(one.name, one.allowed) for one in way.needs()] == [("Resolution", ["Fixed"])]
    assert cloud.transition(id, "done", names=["Done"], fields={"resolution": "fixed"}) is True


def test_a_ticket_goes_back_sideways_from_our_own_move_and_never_from_a_persons(cloud: Cloud, demo: Demo) -> None:
    id = first(cloud)
    cloud.transition(id, "doing")
    assert cloud.transition(id, "doing", names=["In Review"], sideways=True) is True
    assert cloud.transition(id, "doing", names=["In Progress"], sideways=True) is True
    demo.site.edit(IDA, demo.site.issues[id], {"status": status("In Review")})
    assert cloud.transition(id, "doing", names=["In Progress"], sideways=True) is False
    assert cloud.fetch(id).status == "In Review"


def test_a_missing_right_is_named(cloud: Cloud, demo: Demo) -> None:
    demo.site.rights -= {"TRANSITION_ISSUES", "ADD_COMMENTS"}
    wrong = [(fact, remedy) for fact, ok, remedy in cloud.test() if not ok]
    assert [fact for fact, _ in wrong] == [
        "It may not write comments (ADD_COMMENTS).",
        "It may not move tickets (TRANSITION_ISSUES).",
    ]
    with pytest.raises(Refused) as no:
        cloud.comment(first(cloud), "run-1", "Working")
    assert no.value.reason == "no_right"
    with pytest.raises(Refused) as no:
        cloud.transition(first(cloud), "doing")
    assert no.value.reason == "no_transition"


def test_a_wrong_key_is_told_at_once(demo: Demo) -> None:
    facts = connect(config(demo, token="stale")).test()
    assert [(ok, "401" in fact) for fact, ok, _ in facts] == [(False, True)]
    assert "stale" not in repr(config(demo, token="stale"))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 409])
def test_what_passes_is_tried_later(cloud: Cloud, demo: Demo, status: int) -> None:
    demo.fail(Fault(status, path="/issue/"))
    with pytest.raises(TryLater):
        cloud.fetch("LARK-1")
    assert cloud.fetch("LARK-1").key == "LARK-1"


def test_a_limit_says_how_long_and_why_and_stops_only_its_own_lane(cloud: Cloud, demo: Demo) -> None:
    id, other = first(cloud), first(cloud, "LARK-2")
    demo.fail(limited("jira-per-issue-on-write", 9, method="POST", path="/remotelink"))
    for _ in range(2):
        with pytest.raises(TryLater) as later:
            cloud.link(id, "g", "https://a.example", "Run")
        assert (later.value.reason, 8 < later.value.after <= 9) == ("rate:jira-per-issue-on-write", True)
    calls = [call for call in demo.seen if call[1].endswith("/remotelink")]
    assert len(calls) == 1  # the second time nobody asked
    cloud.link(other, "g", "https://a.example", "Run")
    demo.fail(limited("jira-burst-based", 30, method="POST"))
    with pytest.raises(TryLater):
        cloud.link(other, "g", "https://a.example", "Run")
    with pytest.raises(TryLater):
        cloud.link(first(cloud, "LARK-3"), "g", "https://a.example", "Run")
    assert cloud.fetch(id).key == "LARK-1"  # reading goes on


def test_tokens_renew_themselves_and_a_refresh_token_serves_once(demo: Demo) -> None:
    settings, now = signed_in(demo), datetime.now(UTC).timestamp()
    demo.codes["demo-code"] = "https://deck.example/back"
    tokens = MemoryTokens(oauth.redeem(settings, "demo-code", "https://deck.example/back"))
    assert tokens.load().until > now + 3000
    assert oauth.sites(settings, tokens.load())[0][0] == server.CLOUD_ID
    assert "state=s1" in oauth.authorize_url(settings, "s1", "https://deck.example/back")
    cloud = connect(settings, tokens)
    held = tokens.load()
    demo.accesses.discard(held.access)  # ended before its time
    demo.accesses.add("filler")
    assert cloud.fetch("LARK-1").key == "LARK-1"
    assert tokens.load().refresh != held.refresh
    with pytest.raises(Refused) as no:
        oauth.refresh(settings, held)
    assert no.value.reason == "bad_key"


def test_webhooks_are_registered_only_by_a_client_of_ours(cloud: Cloud, demo: Demo) -> None:
    with pytest.raises(Refused) as no:
        cloud.hook("https://deck.example/hooks", "project = LARK", ["jira:issue_updated"])
    assert no.value.reason == "cannot"
    app = connect(signed_in(demo), MemoryTokens(Tokens("demo-access-0", "demo-refresh-0", 4e9)))
    with pytest.raises(Refused) as no:
        app.hook("https://deck.example/hooks", "nope = 3", ["jira:issue_updated"])
    assert "Field 'nope' does not exist" in no.value.text
    made = app.hook("https://deck.example/hooks", "project = LARK", ["jira:issue_updated"])
    assert made.expires is not None
    assert made.expires > datetime.now(UTC) + timedelta(days=29)
    assert app.refresh_hooks([made.id]) >= made.expires
    app.unhook([made.id])
    assert app.hooks() == []


def test_our_clock_may_be_wrong(cloud: Cloud) -> None:
    """What changed is asked for by Jira's clock: it came from there."""
    cloud.fetch("LARK-1")
    assert abs(cloud._client.skew) < 5


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "words"),
    [
        ("PATCH", "/rest/api/3/issue/1", "", {}, "Operation patch not found"),
        ("GET", "/rest/api/3/search/jqll", "", None, "Path not found"),
        ("GET", "/rest/api/3/issue/1/comment", "startAt=x", None, "startAt"),
        ("GET", "/rest/api/3/issue/1/comment", "start=1", None, "no such query"),
        ("POST", "/rest/api/3/search/jql", "", {"jql": "a", "startAt": 0}, "startAt"),
        ("POST", "/rest/api/3/issue/1/transitions", "", {"transition": {"id": 31}}, "body"),
        ("POST", "/rest/api/3/issue/1/remotelink", "", {"globalId": "g"}, "object"),
        (
            "POST",
            "/rest/api/3/webhook",
            "",
            {"url": "https://a", "webhooks": [{"jqlFilter": "", "events": ["nope"]}]},
            "nope",
        ),
        ("POST", "/rest/api/3/webhook", "", {"webhooks": [{"jqlFilter": "project = A", "events": []}]}, "url"),
        ("PUT", "/rest/api/3/webhook/refresh", "", {"webhookIds": ["one"]}, "one"),
        ("PUT", "/rest/api/3/webhook/refresh", "", {"ids": [1]}, "webhookIds"),
        ("DELETE", "/rest/api/3/webhook", "", {}, "webhookIds"),
        ("GET", "/rest/api/3/webhook", "start=0", None, "no such query"),
        ("POST", "/rest/api/3/issue/1/worklog", "", {"timeSpentSeconds": "90"}, "timeSpentSeconds"),
        ("POST", "/rest/api/3/issue/1/worklog", "notify=false", {"timeSpentSeconds": 90}, "no such query"),
        ("POST", "/rest/api/3/issue/1/worklog", "", {"started": "2026-11-02", "timeSpentSeconds": 90}, "started"),
        ("PUT", "/rest/api/3/issue/1/worklog/2", "adjustEstimate=never", {"timeSpentSeconds": 90}, "adjustEstimate"),
        ("PUT", "/rest/api/3/issue/1", "", {"update": {"labels": {"add": "x"}}}, "labels"),
        ("PUT", "/rest/api/3/issue/1", "", {"update": {"labels": [{"add": "x"}]}, "fields": ["labels"]}, "fields"),
        ("POST", "/rest/api/3/issue", "", {"fields": [], "properties": []}, "fields"),
        ("POST", "/rest/api/3/issue", "", {"fields": {}, "properties": {"key": "k"}}, "properties"),
        ("POST", "/rest/api/3/issue", "notify=1", {"fields": {}}, "no such query"),
        ("POST", "/rest/api/3/issue/bulkfetch", "", {"fields": ["summary"]}, "issueIdsOrKeys"),
        ("POST", "/rest/api/3/search/approximate-count", "", {"query": "project = A"}, "query"),
        ("POST", "/rest/api/3/comment/list", "expand=properties", {"ids": ["x"]}, "x"),
        ("PUT", "/rest/api/3/issue/1/comment/2", "notifyUsers=perhaps", {"body": {}}, "notifyUsers"),
    ],
)
def test_a_planted_wrong_request_is_caught(method: str, path: str, query: str, body: object, words: str) -> None:
    raw = b"" if body is None else json.dumps(body).encode()
    assert words in openapi.wrong(method, path, query, raw)


def test_every_write_can_be_switched_off(demo: Demo) -> None:
    cloud = connect(config(demo, allowed=frozenset()))
    id, at = cloud.fetch("LARK-1").id, datetime(2026, 11, 2, tzinfo=UTC)
    writes = {
        "comment": lambda: cloud.comment(id, "m", "x"), "transition": lambda: cloud.transition(id, "doing"),
        "link": lambda: cloud.link(id, "g", "https://a.example", "x"), "worklog": lambda: cloud.worklog(id, "m", 60, "x", at),
        "labels": lambda: cloud.label(id, add=["x"]), "create": lambda: cloud.create("m", Draft("LARK", "Task", "x")),
    }  # fmt: skip
    assert set(writes) == WRITES
    before = len(demo.seen)
    for write in writes.values():
        with pytest.raises(Refused) as no:
            write()
        assert no.value.reason == "switched_off"
    assert len(demo.seen) == before
