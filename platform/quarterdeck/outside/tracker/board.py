"""The built-in board as a tracker: the same port as Jira, over whatever keeps the tickets."""

from typing import Protocol

from quarterdeck.outside.tracker.port import Issue, Page

ORDER = ("todo", "doing", "done")


class BoardStore(Protocol):
    """Who keeps the board's tickets. `id` is the ticket's external id."""

    def page(self, query: str, after: str, limit: int) -> list[Issue]: ...

    def issue(self, id: str) -> Issue: ...

    def put_comment(self, id: str, marker: str, body: str) -> str: ...

    def set_category(self, id: str, category: str) -> None: ...

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None: ...


class BoardTracker:
    name = "board"

    def __init__(self, store: BoardStore, page_size: int = 50) -> None:
        self.store, self.page_size = store, page_size

    def search(self, query: str, cursor: str = "") -> Page:
        """Tickets whose key or title holds the words, by id; the cursor is the last id of the page before."""
        issues = self.store.page(query, cursor, self.page_size + 1)
        page = issues[: self.page_size]
        return Page(page, page[-1].id if page else cursor, last=len(issues) <= self.page_size)

    def fetch(self, id: str) -> Issue:
        return self.store.issue(id)

    def comment(self, id: str, marker: str, body: str) -> str:
        return self.store.put_comment(id, marker, body)

    def transition(self, id: str, category: str) -> bool:
        """Never backwards: a ticket that a person has closed stays closed."""
        if ORDER.index(category) <= ORDER.index(self.store.issue(id).status_category):
            return False
        self.store.set_category(id, category)
        return True

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        self.store.put_link(id, global_id, url, title)

    def test(self) -> list[tuple[str, bool, str]]:
        return [("The board is part of Quarterdeck and needs no connection.", True, "")]
