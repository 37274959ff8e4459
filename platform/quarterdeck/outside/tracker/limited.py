"""What a tracker cannot do, said in one place: each refusal names the thing and changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.shapes import Attachment, Change, Draft, Field, Hook, Issue


def cannot(name: str, what: str) -> NoReturn:
    raise Refused(f"{name} has no {what}.", reason="cannot", status=422)


class Limited:
    """The side of the port that a tracker of our own leaves out. What only reads answers with nothing."""

    name = "tracker"

    def changes(self, id: str, since: datetime | None = None) -> list[Change]:
        return []

    def fields(self) -> list[Field]:
        return []

    def attachment(self, attachment: Attachment, most: int) -> bytes:
        cannot(self.name, "attachments")

    def worklog(self, id: str, marker: str, seconds: int, words: str, at: datetime) -> str:
        cannot(self.name, "worklog")

    def label(self, id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        cannot(self.name, "labels that can be set over this port")

    def create(self, marker: str, draft: Draft) -> Issue:
        cannot(self.name, "creation over this port")

    def hooks(self) -> list[Hook]:
        return []

    def hook(self, url: str, query: str, events: Sequence[str]) -> Hook:
        cannot(self.name, "webhooks")

    def refresh_hooks(self, ids: Sequence[str]) -> datetime:
        cannot(self.name, "webhooks")

    def unhook(self, ids: Sequence[str]) -> None:
        cannot(self.name, "webhooks")
