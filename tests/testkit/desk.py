"""Alice at her desk: she came in by the owner's link and does everything through the API, as the dashboard and the CLI do."""

import itertools
import re
from typing import Any

from testkit.house import House, Row
from testkit.waiting import until

FORM = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PASSWORD = "correct horse battery"
OPEN = "('open', 'snoozed', 'delegated')"
ENDS = ("merged", "closed", "failed", "cancelled")

Json = dict[str, Any]


def come_in(house: House) -> str:
    """The owner's first minute: the one-time link, a name, a password, and an API token."""
    with house.browser() as browser:
        page = browser.get(house.link)
        found = FORM.search(page.text)
        assert found is not None, page.text
        form = {"csrfmiddlewaretoken": found.group(1), "name": "Alice", "username": "alice", "password": PASSWORD}
        came = browser.post(house.link, data=form, headers={"referer": house.address})
        assert came.status_code == 302, came.text
        csrf = {"x-csrftoken": browser.cookies["csrftoken"], "referer": house.address}
        made = browser.post("/api/v1/tokens", json={"name": "desk", "days": 1}, headers=csrf)
        assert made.status_code == 201, made.text
        return str(made.json()["secret"])


class Desk:
    """What Alice does and waits for. Runs are named by their ticket's key; keys of decisions are made up here."""

    def __init__(self, house: House, token: str = "") -> None:
        self.house = house
        self.token = token or come_in(house)
        self.api = house.browser("/api/v1", headers={"authorization": f"Bearer {self.token}"})
        self._keys = itertools.count(1)

    # ---- what she does ----

    def post(self, path: str, body: Json) -> Json:
        answer = self.api.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path: str) -> Json:
        answer = self.api.get(path)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def key(self) -> str:
        return f"desk-{next(self._keys)}"

    def assign(self, *tickets: str, key: str = "", **more: object) -> list[Json]:
        """The receipt's lines."""
        ids = [str(self.house.value("select id from record_ticket where key = %s", one)) for one in tickets]
        return self.post("/runs", {"key": key or self.key(), "tickets": ids, **more})["lines"]

    def decide(self, verb: str, *tickets: str, key: str = "", **more: object) -> list[Json]:
        """Over runs."""
        body = {"key": key or self.key(), "verb": verb, "runs": [self.run(one) for one in tickets], **more}
        return self.post("/decisions", body)["lines"]

    def answer(self, verb: str, *requests: Row, key: str = "", **more: object) -> list[Json]:
        """Over requests."""
        body = {"key": key or self.key(), "verb": verb, "requests": [str(one["id"]) for one in requests], **more}
        return self.post("/decisions", body)["lines"]

    def merge(self, ticket: str) -> list[Json]:
        """She looks at the review and approves exactly what it shows."""
        review = self.get(f"/reviews/{self.run(ticket)}")
        return self.answer(
            "merge", self.asked(ticket, "review"), head=review["diff"]["head"], digest=review["diff"]["digest"]
        )

    def merge_again(self, ticket: str) -> list[str]:
        """A second click, on a run whose review is closed: the fates."""
        head = self.house.value("select head from record_proposal where run_id = %s and not void", self.run(ticket))
        return [line["fate"] for line in self.decide("merge", ticket, head=head)]

    # ---- what she sees ----

    def run(self, ticket: str) -> str:
        """The newest run of this ticket."""
        sql = "select r.id from record_run r join record_ticket t on t.id = r.ticket_id where t.key = %s order by r.id desc"
        return str(self.house.value(sql, ticket))

    def row(self, ticket: str) -> Row:
        return self.house.rows("select * from record_run where id = %s", self.run(ticket))[0]

    def phase(self, ticket: str) -> str:
        return str(self.row(ticket)["phase"])

    def becomes(self, ticket: str, *phases: str, seconds: float = 120) -> str:
        """The first of these phases the run is seen in; fails at once when it ends otherwise."""

        def look() -> str:
            row = self.row(ticket)
            over = row["phase"] in ENDS and row["phase"] not in phases
            assert not over, f"{ticket} ended {row['phase']}: {row['reason']}: {row['reason_text']}"
            return row["phase"] if row["phase"] in phases else ""

        return until(look, seconds, what=f"{ticket} to become {' or '.join(phases)} ({self.phase(ticket)})")

    def asked(self, ticket: str, kind: str, seconds: float = 120) -> Row:
        """The run's open request of this kind, once it is there."""
        sql = f"select * from record_request where run_id = %s and kind = %s and state in {OPEN}"

        def look() -> list[Row]:
            row = self.row(ticket)
            assert row["phase"] not in ENDS, f"{ticket} ended: {row['reason']}: {row['reason_text']}"
            return self.house.rows(sql, row["id"], kind)

        return until(look, seconds, what=f"a {kind} of {ticket} (it is {self.phase(ticket)})")[0]

    def events(self, ticket: str, *kinds: str) -> list[Row]:
        sql = "select * from record_event where stream = %s and (%s = '{}' or kind = any(%s)) order by seq"
        return self.house.rows(sql, f"run:{self.run(ticket)}", list(kinds), list(kinds))

    def spent(self, ticket: str) -> int:
        """Micro-units of all settled calls."""
        sql = "select coalesce(sum(settled), 0)::bigint from record_modelcall where run_id = %s"
        return int(self.house.value(sql, self.run(ticket)))
