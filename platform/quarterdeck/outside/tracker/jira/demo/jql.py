"""The JQL that the demonstration understands. What it does not, it refuses in the words of Jira itself."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|(>=|<=|!=|!~|[=<>~(),])|([^\s=<>~!(),"\']+))')
FIELDS = ("project", "key", "issuekey", "id", "issue", "status", "statusCategory", "labels", "assignee", "reporter", "issuetype",
          "type", "priority", "parent", "text", "summary", "updated", "created", "component")  # fmt: skip
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class BadJql(Exception):
    """Its text is what Jira would say."""


def parse(
    query: str, now: datetime, me: str, known: Callable[[str], set[str]]
) -> tuple[Test, list[tuple[str, bool]], bool]:
    """The test, the order (field, descending), and whether anything restricts it. Raises BadJql."""
    reader = _Reader(query, now, me, known)
    test = reader.either() if reader.more() and not reader.word("order") else None
    order = reader.order()
    if reader.more():
        raise BadJql(
            f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{reader.peek()}'. (line 1, character {reader.at + 1})"
        )
    return test or (lambda row: True), order, test is not None


class _Reader:
    def __init__(self, query: str, now: datetime, me: str, known: Callable[[str], set[str]]) -> None:
        self.query, self.now, self.me, self.known = query, now, me, known
        self.tokens: list[tuple[str, bool, int]] = []
        self.i, at = 0, 0
        while at < len(query.rstrip()):
            hit = _TOKEN.match(query, at)
            if hit is None:
                raise BadJql(
                    f"Error in the JQL Query: The character '{query[at]}' is a reserved JQL character. (line 1, character {at + 1})"
                )
            quoted = hit[1] is not None
            word = re.sub(r"\\(.)", r"\1", hit[1][1:-1]) if quoted else hit[2] or hit[3]
            self.tokens.append((word, quoted, hit.start()))
            at = hit.end()

    @property
    def at(self) -> int:
        return self.tokens[self.i][2] if self.more() else len(self.query)

    def more(self) -> bool:
        return self.i < len(self.tokens)

    def peek(self) -> str:
        return self.tokens[self.i][0] if self.more() else ""

    def word(self, *words: str) -> bool:
        return self.more() and not self.tokens[self.i][1] and self.peek().lower() in words

    def take(self) -> str:
        if not self.more():
            raise BadJql("Error in the JQL Query: The query ended too early.")
        self.i += 1
        return self.tokens[self.i - 1][0]

    def either(self) -> Test:
        tests = [self.both()]
        while self.word("or"):
            self.take()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.word("and"):
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self.word("not"):
            self.take()
            inner = self.one()
            return lambda row: not inner(row)
        if self.word("("):
            self.take()
            inner = self.either()
            if self.take() != ")":
                raise BadJql(
                    f"Error in the JQL Query: Expecting ')' before the end of the query. (line 1, character {self.at})"
                )
            return inner
        return self.clause()

    def clause(self) -> Test:
        field = next((one for one in FIELDS if one.lower() == self.peek().lower()), None)
        if field is None:
            raise BadJql(f"Field '{self.peek()}' does not exist or you do not have permission to view it.")
        self.take()
        sign = self.take().lower()
        if sign == "not":
            sign = f"not {self.take().lower()}"
        if sign == "is":
            return self.empty(field)
        values = self.values(sign)
        if field in ("updated", "created"):
            return _dates(field, sign, values[0], self.now)
        if sign not in ("=", "!=", "in", "not in", "~", "!~"):
            raise BadJql(f"The operator '{sign}' is not supported by the '{field}' field.")
        for value in values:
            self.exists(field, value)
        wanted = [value.lower() for value in values]
        positive = _contains(field, wanted) if "~" in sign else _equals(field, wanted)
        return (lambda row: not positive(row)) if sign in ("!=", "not in", "!~") else positive

    def exists(self, field: str, value: str) -> None:
        if field in ("project", "status") and value.lower() not in {one.lower() for one in self.known(field)}:
            raise BadJql(f"The value '{value}' does not exist for the field '{field}'.")

    def empty(self, field: str) -> Test:
        negative = self.word("not")
        if negative:
            self.take()
        if self.take().lower() not in ("empty", "null"):
            raise BadJql("Error in the JQL Query: Expecting EMPTY after IS.")
        return lambda row: bool([one for one in _said(field, row) if one]) is negative

    def values(self, sign: str) -> list[str]:
        if sign not in ("in", "not in"):
            return [self.value()]
        if self.take() != "(":
            raise BadJql("Error in the JQL Query: Expecting a list in brackets after IN.")
        found = [self.value()]
        while self.word(","):
            self.take()
            found.append(self.value())
        if self.take() != ")":
            raise BadJql("Error in the JQL Query: Expecting ')' after the list.")
        return found

    def value(self) -> str:
        if self.word("currentuser") and self.i + 2 < len(self.tokens) + 1:
            self.i += 3
            return self.me
        if self.word("(", ")", ",", "and", "or") or not self.more():
            raise BadJql("Error in the JQL Query: Expecting either a value, list or function.")
        return self.take()

    def order(self) -> list[tuple[str, bool]]:
        if not self.word("order"):
            return []
        self.take()
        if self.take().lower() != "by":
            raise BadJql("Error in the JQL Query: Expecting 'BY' after 'ORDER'.")
        found = []
        while self.more():
            name = self.take().lower()
            down = self.word("desc")
            if self.word("asc", "desc"):
                self.take()
            found.append((name, down))
            if self.word(","):
                self.take()
        return found


def _said(field: str, row: Row) -> list[str]:
    f = row["fields"]
    person = {"assignee": f.get("assignee"), "reporter": f.get("reporter")}
    if field in person:
        who = person[field] or {}
        return [who.get("accountId", ""), who.get("displayName", "")]
    parent = f.get("parent") or {}
    listed: dict[str, list[str]] = {
        "project": [f["project"]["key"], f["project"]["name"], f["project"]["id"]],
        "status": [f["status"]["name"], f["status"]["id"]], "statusCategory": [f["status"]["statusCategory"]["name"]],
        "labels": f["labels"], "issuetype": [f["issuetype"]["name"]], "type": [f["issuetype"]["name"]],
        "priority": [f["priority"]["name"]], "parent": [parent.get("key", ""), parent.get("id", "")],
        "component": [one["name"] for one in f["components"]], "summary": [f["summary"]],
        "text": [f["summary"], str(f.get("description"))],
    }  # fmt: skip
    return listed.get(field, [row["key"], row["id"]])


def _equals(field: str, wanted: list[str]) -> Test:
    return lambda row: any(one.lower() in wanted for one in _said(field, row) if one)


def _contains(field: str, wanted: list[str]) -> Test:
    return lambda row: any(part.rstrip("*") in one.lower() for one in _said(field, row) for part in wanted)


def _dates(field: str, sign: str, value: str, now: datetime) -> Test:
    hit = re.fullmatch(r"(-?\d+)([mhdw])", value)
    try:
        limit = (
            now + timedelta(seconds=int(hit[1]) * UNITS[hit[2]])
            if hit
            else datetime.fromisoformat(value.replace("/", "-")).replace(tzinfo=now.tzinfo)
        )
    except ValueError:
        raise BadJql(
            f"Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        ) from None
    compare: dict[str, Callable[[datetime], bool]] = {
        ">=": lambda at: at >= limit, ">": lambda at: at > limit, "<=": lambda at: at <= limit, "<": lambda at: at < limit,
        "=": lambda at: at == limit, "!=": lambda at: at != limit,
    }  # fmt: skip
    if sign not in compare:
        raise BadJql(f"The operator '{sign}' is not supported by the '{field}' field.")
    return lambda row: compare[sign](datetime.fromisoformat(row["fields"][field]))
