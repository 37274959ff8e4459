"""What follows from a ticket's change: a wish for a run, or news for the run that is open. Rows only; others work on them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models.functions import Now

from quarterdeck.flow import accounts, differences
from quarterdeck.flow.differences import Cause, Item
from quarterdeck.outside.tracker.port import Comment
from quarterdeck.record.models import OPEN_PHASES, News, Run, Ticket, Watch, Wish

if TYPE_CHECKING:
    from quarterdeck.flow.copies import Taken

Said = Mapping[UUID, Sequence[Comment]]


def note(watches: Sequence[Watch], taken: "Sequence[Taken]", comments: Said, me: str) -> None:
    """In the transaction of the change. The same cause again is the same row."""
    by_project = {watch.project_id: watch for watch in watches}
    concerned = [one for one in taken if one.moved or comments.get(one.row.id)]
    running = set(
        Run.objects.filter(ticket__in=[one.row for one in concerned], phase__in=OPEN_PHASES).values_list(
            "ticket_id", flat=True
        )
    )
    wishes: list[Wish] = []
    news: list[News] = []
    for one in concerned:
        watch = by_project.get(one.row.project_id)
        if watch is None:
            continue
        said = [each for each in comments.get(one.row.id, ()) if each.at >= watch.began_at]
        said = [each for each in said if not accounts.claims(watch.connection, each)]
        open_run = one.row.id in running
        wishes += [_wish(one.row, each) for each in _causes(watch, one, said, me, open_run)]
        if open_run:
            news += [_news(one.row, each) for each in _items(watch, one, said, me)]
    Wish.objects.bulk_create(wishes, ignore_conflicts=True)
    Wish.objects.filter(ticket__in=[one.row for one in concerned], state="waiting").update(due_at=Now())
    News.objects.bulk_create(news, ignore_conflicts=True)


def _causes(watch: Watch, one: "Taken", said: Sequence[Comment], me: str, open_run: bool) -> list[Cause]:
    if open_run or one.row.deleted_at:
        return []
    found: list[Cause] = []
    if one.moved and one.told.issue is not None:
        now = differences.copy_of(one.told.issue)
        found = differences.causes(
            one.was or differences.NOTHING, now, one.row.version, watch.triggers, me, one.told.changes
        )
    if watch.triggers.get("mention"):
        found += [cause for each in said if (cause := differences.mention(each, me))]
    return [cause for cause in found if not me or cause.by != me]


def _items(watch: Watch, one: "Taken", said: Sequence[Comment], me: str) -> list[Item]:
    if one.row.deleted_at:
        return [Item("deleted", "deleted")]
    found: list[Item] = []
    if one.moved and one.was is not None and one.told.issue is not None:
        now = differences.copy_of(one.told.issue)
        found = differences.news(one.was, now, one.row.version, watch.triggers, me, one.told.changes)
    for each in said:
        if not me or each.author_id != me:
            found.append(Item(f"comment:{each.id}", "comment", each.body, each.author_id, each.author))
    return [item for item in found if not me or item.by != me]


def _wish(ticket: Ticket, one: Cause) -> Wish:
    return Wish(ticket=ticket, cause=one.cause[:120], why=one.why, word=one.word[:200], playbook=one.playbook[:20],
                by=one.by[:120], by_name=one.by_name[:120])  # fmt: skip


def _news(ticket: Ticket, one: Item) -> News:
    return News(ticket=ticket, cause=one.cause[:120], what=one.what, words=one.words.replace("\0", "")[:20_000],
                by=one.by[:120], by_name=one.by_name[:120])  # fmt: skip
