"""The twin: tickets in a dict. Behaves as the port says, for flows' tests and demonstrations."""

from dataclasses import replace
from datetime import UTC, datetime

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.port import Comment, Issue

STATUS = {"todo": "To do", "doing": "In progress", "done": "Done"}


class MemoryStore:
    """A BoardStore without a database."""

    def __init__(self, issues: list[Issue] | None = None) -> None:
        self.issues = {issue.id: issue for issue in issues or []}
        self.links: dict[str, dict[str, str]] = {}

    def page(self, query: str, after: str, limit: int) -> list[Issue]:
        found = [one for id, one in sorted(self.issues.items()) if id > after and _matches(one, query)]
        return found[:limit]

    def issue(self, id: str) -> Issue:
        if id not in self.issues:
            raise Refused("There is no such ticket.", reason="no_such_ticket", status=404)
        return self.issues[id]

    def put_comment(self, id: str, marker: str, body: str) -> str:
        issue = self.issue(id)
        kept = [one for one in issue.comments if one.id != marker]
        comment = Comment(marker, "Quarterdeck", body, datetime.now(UTC))
        self._put(issue, comments=[*kept, comment])
        return marker

    def set_category(self, id: str, category: str) -> None:
        self._put(self.issue(id), status=STATUS[category], status_category=category)

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None:
        self.issue(id)
        self.links.setdefault(id, {})[global_id] = url

    def _put(self, issue: Issue, **changes: object) -> None:
        self.issues[issue.id] = replace(issue, version=issue.version + 1, **changes)  # type: ignore[arg-type]


def _matches(issue: Issue, query: str) -> bool:
    return all(word.lower() in f"{issue.key} {issue.title}".lower() for word in query.split())
