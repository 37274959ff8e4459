"""What the demonstration answers to each call: the shapes, the statuses and the sentences of Jira Cloud's REST v3."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from quarterdeck.outside.tracker.jira.demo import jql, site
from quarterdeck.outside.tracker.jira.demo.site import Row, Site

MOST = 100
HOOK_DAYS = 30


class No(Exception):
    """An answer that is no success, with Jira's own body."""

    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__(status, *messages)
        self.status, self.body = status, {"errorMessages": list(messages), "errors": errors}


@dataclass
class Asked:
    """One call. `who` is the account id; `parts` what its path names; `app` whether an OAuth client calls."""

    site: Site
    who: str
    parts: dict[str, str]
    query: dict[str, str]
    body: Any
    hooks: dict[str, Row] = field(default_factory=dict)
    app: bool = False

    def row(self) -> Row:
        found = self.site.find(self.parts["issue"]) if "BROWSE_PROJECTS" in self.site.rights else None
        if found is None:
            raise No(404, "Issue does not exist or you do not have permission to see it.")
        return found

    def may(self, right: str) -> None:
        if right not in self.site.rights:
            raise No(403, "You do not have the permission to do this.")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.query.get(name, default))
        except ValueError:
            raise No(404, f"{name} is no number.") from None


Answer = tuple[int, Any]
ROUTES: list[tuple[str, re.Pattern[str], Callable[[Asked], Answer]]] = []


def route(method: str, path: str) -> Callable[[Callable[[Asked], Answer]], Callable[[Asked], Answer]]:
    def keep(answer: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        pattern = re.compile("^/rest/api/3" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")
        ROUTES.append((method, pattern, answer))
        return answer

    return keep


def find(method: str, path: str) -> tuple[Callable[[Asked], Answer], dict[str, str]]:
    """Raises No: 404 for a path that there is not, 405 for one that takes another method, 410 for the search that is gone."""
    if path in ("/rest/api/3/search", "/rest/api/2/search"):
        raise No(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
    hits = [(one, pattern.match(path), answer) for one, pattern, answer in ROUTES]
    fitting = [(one, hit, answer) for one, hit, answer in hits if hit]
    for one, hit, answer in fitting:
        if one == method:
            return answer, hit.groupdict()
    raise No(405 if fitting else 404, "There is nothing here.")


@route("GET", "/serverInfo")
def server_info(a: Asked) -> Answer:
    return 200, {"baseUrl": a.site.base, "deploymentType": "Cloud", "version": "1001.0.0-SNAPSHOT", "serverTitle": "Jira",
                 "versionNumbers": [1001, 0, 0], "buildNumber": 100_000, "serverTime": site.stamp(a.site.now())}  # fmt: skip


@route("GET", "/myself")
def myself(a: Asked) -> Answer:
    return 200, a.site.users[a.who]


@route("GET", "/mypermissions")
def permissions(a: Asked) -> Answer:
    asked = [one for one in a.query.get("permissions", "").split(",") if one]
    if not asked:
        raise No(400, "The 'permissions' query parameter is required.")
    return 200, {
        "permissions": {one: {"key": one, "name": one, "havePermission": one in a.site.rights} for one in asked}
    }


@route("GET", "/field")
def fields(a: Asked) -> Answer:
    own = [
        {"id": one, "key": one, "name": one.capitalize(), "custom": False}
        for one in ("summary", "status", "labels", "updated")
    ]
    custom = [{"id": id, "key": id, "name": name, "custom": True} for id, name in site.CUSTOM.items()]
    return 200, own + custom


@route("GET", "/issue/{issue}")
def issue(a: Asked) -> Answer:
    return 200, projected(a.site.shown(a.row()), a.query.get("fields", "*all").split(","))


def projected(row: Row, names: list[str]) -> Row:
    if "*all" in names or "*navigable" in names:
        return row
    return {**row, "fields": {name: one for name, one in row["fields"].items() if name in names}}


@route("POST", "/issue/bulkfetch")
def bulkfetch(a: Asked) -> Answer:
    wanted = a.body.get("issueIdsOrKeys") or []
    if not 1 <= len(wanted) <= MOST:
        raise No(400, f"The number of issues must be between 1 and {MOST}.")
    rows = [(one, a.site.find(one)) for one in wanted]
    shown = [projected(a.site.shown(row), a.body.get("fields") or ["*navigable"]) for _, row in rows if row]
    gone = [
        {"id": one, "errorMessage": "Issue does not exist or you do not have permission to see it."}
        for one, row in rows
        if not row
    ]
    return 200, {"expand": "schema,names", "issues": shown, "issueErrors": gone}


def matching(a: Asked, query: str, fresh: set[str]) -> list[Row]:
    try:
        test, order, bounded = jql.parse(query, a.site.now(), a.who, a.site.known)
    except jql.BadJql as no:
        raise No(400, str(no)) from no
    if not bounded:
        raise No(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    rows = [row for row in a.site.indexed(fresh) if test(row)] if "BROWSE_PROJECTS" in a.site.rights else []
    rows.sort(key=lambda row: int(row["id"]), reverse=True)
    for name, down in reversed(order):
        rows.sort(key=lambda row: str(row["fields"].get(name, row["key"])), reverse=down)
    return rows


@route("POST", "/search/jql")
def search(a: Asked) -> Answer:
    """The token holds the matches' ids as they were: a page never loses what moved meanwhile."""
    fresh = {str(one) for one in a.body.get("reconcileIssues") or []}
    size = min(int(a.body.get("maxResults", 50)), 5000)
    token = a.body.get("nextPageToken")
    if token:
        ids = unpacked(token)
        now = {row["id"]: row for row in a.site.indexed(fresh)}
        rows = [now[id] for id in ids if id in now]
    else:
        rows = matching(a, a.body.get("jql", ""), fresh)
    names = a.body.get("fields") or ["id"]
    shown = [_found(a, row, names) for row in rows[:size]]
    if len(rows) <= size:
        return 200, {"issues": shown, "isLast": True}
    return 200, {"issues": shown, "isLast": False, "nextPageToken": packed([row["id"] for row in rows[size:]])}


def _found(a: Asked, row: Row, names: list[str]) -> Row:
    shown = {"id": row["id"], "key": row["key"], "self": row["self"]} if names == ["id"] else projected(row, names)
    wanted = a.body.get("properties") or []
    kept = a.site.properties.get(row["id"], {})
    return {**shown, "properties": {name: kept[name] for name in wanted if name in kept}} if wanted else shown


def packed(ids: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(ids).encode()).decode()


def unpacked(token: str) -> list[str]:
    try:
        return [str(one) for one in json.loads(base64.urlsafe_b64decode(token))]
    except (ValueError, TypeError):
        raise No(400, "The provided next page token is invalid.") from None


@route("POST", "/search/approximate-count")
def count(a: Asked) -> Answer:
    return 200, {"count": len(matching(a, a.body.get("jql", ""), set()))}


def page(a: Asked, name: str, rows: list[Row]) -> Answer:
    start, size = a.number("startAt", 0), min(a.number("maxResults", 50), MOST)
    return 200, {name: rows[start : start + size], "startAt": start, "maxResults": size, "total": len(rows),
                 "isLast": start + size >= len(rows)}  # fmt: skip


@route("GET", "/issue/{issue}/changelog")
def changelog(a: Asked) -> Answer:
    return page(a, "values", a.site.histories[a.row()["id"]])


@route("GET", "/issue/{issue}/comment")
def comments(a: Asked) -> Answer:
    code, told = page(a, "comments", a.site.comments[a.row()["id"]])
    told.pop("isLast")
    return code, {**told, "comments": [without(one) for one in told["comments"]]}


def without(said: Row) -> Row:
    return {name: value for name, value in said.items() if name != "properties"}


@route("POST", "/comment/list")
def listed(a: Asked) -> Answer:
    ids = {str(one) for one in a.body.get("ids") or []}
    rows = [one for said in a.site.comments.values() for one in said if one["id"] in ids]
    whole = "properties" in a.query.get("expand", "")
    return page(a, "values", [one if whole else without(one) for one in rows])


def document(a: Asked, name: str = "body") -> Row:
    body = a.body.get(name)
    if not isinstance(body, dict) or body.get("type") != "doc" or body.get("version") != 1:
        raise No(400, comment="Comment body is not valid!")
    return body


@route("POST", "/issue/{issue}/comment")
def say(a: Asked) -> Answer:
    row, body = a.row(), document(a)
    a.may("ADD_COMMENTS")
    return 201, without(a.site.say(a.who, row, body, a.body.get("properties")))


@route("PUT", "/issue/{issue}/comment/{id}")
def resay(a: Asked) -> Answer:
    row, body = a.row(), document(a)
    said = next((one for one in a.site.comments[row["id"]] if one["id"] == a.parts["id"]), None)
    if said is None:
        raise No(404, f"Can not find a comment for the id: {a.parts['id']}.")
    a.may("EDIT_OWN_COMMENTS")
    a.site.resay(a.who, row, said, body)
    return 200, without(said)


@route("GET", "/issue/{issue}/transitions")
def transitions(a: Asked) -> Answer:
    row = a.row()
    if "TRANSITION_ISSUES" not in a.site.rights:
        return 200, {"expand": "transitions", "transitions": []}
    whole = "transitions.fields" in a.query.get("expand", "")
    ways = [_way(a.site, name, whole) for name in site.STATUSES if name != row["fields"]["status"]["name"]]
    return 200, {"expand": "transitions", "transitions": ways}


def _way(where: Site, name: str, whole: bool) -> Row:
    screen = where.screens.get(name, {})
    way = {"id": f"{site.STATUSES[name][0]}1", "name": name, "to": site.status(name), "hasScreen": bool(screen),
           "isAvailable": True, "isConditional": False, "isGlobal": True, "isInitial": False}  # fmt: skip
    return {**way, "fields": screen} if whole else way


@route("POST", "/issue/{issue}/transitions")
def transition(a: Asked) -> Answer:
    row = a.row()
    id = (a.body.get("transition") or {}).get("id")
    name = next((one for one in site.STATUSES if f"{site.STATUSES[one][0]}1" == id), "")
    if not name or "TRANSITION_ISSUES" not in a.site.rights or name == row["fields"]["status"]["name"]:
        raise No(400, f"Transition id '{id}' is not valid for this issue.")
    given = a.body.get("fields") or {}
    lacks = {one: f"{field['name']} is required." for one, field in a.site.screens.get(name, {}).items()
             if field.get("required") and one not in given}  # fmt: skip
    if lacks:
        raise No(400, **lacks)
    a.site.edit(a.who, row, {"status": site.status(name), **given}, "issue_generic")
    return 204, None


@route("POST", "/issue/{issue}/remotelink")
def link(a: Asked) -> Answer:
    row, thing = a.row(), a.body.get("object") or {}
    a.may("LINK_ISSUES")
    if not thing.get("url") or not thing.get("title"):
        raise No(400, object="The remote issue link needs a URL and a title.")
    kept, name = a.site.links[row["id"]], a.body.get("globalId") or a.site.id()
    made = name not in kept
    kept[name] = {"id": int(a.site.id()) if made else kept[name]["id"], "globalId": name, "object": thing}
    return 201 if made else 200, {"id": kept[name]["id"], "self": f"{row['self']}/remotelink/{kept[name]['id']}"}


@route("GET", "/issue/{issue}/worklog")
def worklogs(a: Asked) -> Answer:
    rows = a.site.worklogs[a.row()["id"]]
    whole = "properties" in a.query.get("expand", "")
    code, told = page(a, "worklogs", [one if whole else without(one) for one in rows])
    told.pop("isLast")
    return code, told


@route("POST", "/issue/{issue}/worklog")
def work(a: Asked) -> Answer:
    row = a.row()
    a.may("WORK_ON_ISSUES")
    document(a, "comment")
    entry = {
        **a.body,
        "id": a.site.id(),
        "issueId": row["id"],
        "author": a.site.users[a.who],
        "created": site.stamp(a.site.now()),
    }
    a.site.worklogs[row["id"]].append(entry)
    return 201, without(entry)


@route("PUT", "/issue/{issue}/worklog/{id}")
def rework(a: Asked) -> Answer:
    found = next((one for one in a.site.worklogs[a.row()["id"]] if one["id"] == a.parts["id"]), None)
    if found is None:
        raise No(404, f"Cannot find worklog with id: '{a.parts['id']}'.")
    found.update(a.body)
    return 200, without(found)


@route("PUT", "/issue/{issue}")
def edit(a: Asked) -> Answer:
    row = a.row()
    a.may("EDIT_ISSUES")
    changes = dict(a.body.get("fields") or {})
    steps = (a.body.get("update") or {}).get("labels") or []
    if steps:
        labels = list(row["fields"]["labels"])
        for step in steps:
            labels = [one for one in labels if one not in step.values()]
            labels += [step["add"]] if "add" in step else []
        changes["labels"] = labels
    a.site.edit(a.who, row, changes)
    return 204, None


@route("POST", "/issue")
def create(a: Asked) -> Answer:
    a.may("CREATE_ISSUES")
    given = dict(a.body.get("fields") or {})
    if not given.get("summary"):
        raise No(400, summary="You must specify a summary of the issue.")
    key, name = (given.get("project") or {}).get("key"), (given.get("issuetype") or {}).get("name")
    known = {row["fields"]["project"]["key"]: row["fields"]["project"] for row in a.site.issues.values()}
    if key not in known:
        raise No(400, project="Specify a valid project ID or key")
    if name not in site.KINDS:
        raise No(400, issuetype="Specify a valid issue type")
    if given.get("parent"):
        parent = a.site.find(given["parent"].get("id") or given["parent"].get("key") or "")
        if parent is None:
            raise No(400, parent="Could not find issue by id or key.")
        given["parent"] = site.beside(parent)
    properties = {one["key"]: one["value"] for one in a.body.get("properties") or []}
    row = a.site.create(a.who, {**given, "project": known[key], "issuetype": site.kind(name)}, properties)
    return 201, {"id": row["id"], "key": row["key"], "self": row["self"]}


@route("GET", "/attachment/content/{id}")
def content(a: Asked) -> Answer:
    if a.parts["id"] not in a.site.files:
        raise No(404, "The attachment with this id does not exist.")
    return 200, a.site.files[a.parts["id"]]


def _app(a: Asked) -> None:
    if not a.app:
        raise No(403, "Only Connect and OAuth 2.0 apps can use this operation.")


@route("GET", "/webhook")
def hooks(a: Asked) -> Answer:
    _app(a)
    return page(a, "values", list(a.hooks.values()))


@route("POST", "/webhook")
def hook(a: Asked) -> Answer:
    _app(a)
    return 200, {"webhookRegistrationResult": [_registered(a, one) for one in a.body.get("webhooks") or []]}


def _registered(a: Asked, wanted: Row) -> Row:
    try:
        jql.parse(wanted.get("jqlFilter", ""), a.site.now(), a.who, a.site.known)
    except jql.BadJql as no:
        return {"errors": [f"The clause could not be parsed: {no}"]}
    id = int(a.site.id())
    a.hooks[str(id)] = {"id": id, "jqlFilter": wanted["jqlFilter"], "events": wanted["events"], "url": a.body["url"],
                        "expirationDate": until(a)}  # fmt: skip
    return {"createdWebhookId": id}


def until(a: Asked) -> int:
    """In milliseconds, as Cloud tells it here and nowhere else."""
    return int((a.site.now().astimezone(UTC) + timedelta(days=HOOK_DAYS)).timestamp() * 1000)


@route("PUT", "/webhook/refresh")
def refresh(a: Asked) -> Answer:
    _app(a)
    when = until(a)
    for one in a.body.get("webhookIds") or []:
        if str(one) in a.hooks:
            a.hooks[str(one)]["expirationDate"] = when
    return 200, {"expirationDate": when}


@route("DELETE", "/webhook")
def unhook(a: Asked) -> Answer:
    _app(a)
    for one in a.body.get("webhookIds") or []:
        a.hooks.pop(str(one), None)
    return 202, None


def expired(hook: Row, now: datetime) -> bool:
    return bool(hook["expirationDate"] < now.timestamp() * 1000)
