"""Connected trackers as the settings show them. Counts are made from rows."""

from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from deckwire import views
from quarterdeck.record.models import Connection, Delivery, Outbox, Repository, SignIn, Ticket, TrackerAccount, Watch
from quarterdeck.record.views.times import ms

NEWEST = 50


def every() -> list[views.TrackerView]:
    return [one(row) for row in Connection.objects.filter(kind="tracker").order_by("name")]


def one(row: Connection, secrets: int = 0) -> views.TrackerView:
    waiting = Delivery.objects.filter(connection=row, state="waiting")
    last = Delivery.objects.filter(connection=row).aggregate(at=Max("created_at"))["at"]
    quiet = Connection.objects.filter(id=row.id, writes_quiet_until__gt=Now()).exists()
    watches = Watch.objects.filter(connection=row).select_related("project").order_by("project__name")
    people = TrackerAccount.objects.filter(connection=row).select_related("person").order_by("name", "account")
    return views.TrackerView(
        id=str(row.id), name=row.name, flavour=row.options.get("flavour", "cloud"), base_url=row.base_url,
        email=row.options.get("email", ""), has_token=bool(row.secret), account=row.options.get("account_name", ""),
        hook_path=f"/hooks/{row.id}", secrets=secrets, last_webhook=ms(last) if last else None, waiting_reads=waiting.count(),
        waiting_writes=_writes(row).count(), failed=Delivery.objects.filter(connection=row, state="failed").count(),
        quiet_until=ms(row.writes_quiet_until) if quiet and row.writes_quiet_until else None, errors=_errors(row),
        watches=[_watch(each) for each in watches], **_sign_in(row),
        people=[
            views.TrackerPerson(id=str(each.id), account=each.account, name=each.name,
                                person=str(each.person) if each.person else "", allowed=each.allowed)
            for each in people[:200]
        ],
    )  # fmt: skip


def _sign_in(row: Connection) -> dict[str, Any]:
    """What is told of a client of OAuth 2.0; nothing for a connection with a token."""
    if not row.options.get("client_id"):
        return {}
    held = SignIn.objects.filter(connection=row).first()
    return {
        "client_id": row.options["client_id"], "signed_in": held is not None, "site": row.options.get("cloud_id", ""),
        "sites": [views.TrackerSite(**one) for one in row.options.get("sites", [])],
        "hooks_until": ms(held.hooks_until) if held and held.hooks_until else None,
        "hooks_note": held.hooks_note if held else "",
    }  # fmt: skip


def _writes(row: Connection) -> QuerySet[Outbox]:
    tickets = Ticket.objects.filter(connection=row).values_list("id", flat=True)
    open_keys = Outbox.objects.filter(state__in=["waiting", "stuck"], key__startswith="tracker").values_list(
        "key", flat=True
    )
    mine = set(map(str, tickets.filter(id__in=[word for key in open_keys if (word := _ticket_of(key))])))
    return Outbox.objects.filter(
        state__in=["waiting", "stuck"],
        key__in=[f"{kind}:{id}" for id in mine for kind in ("tracker", "tracker-status")],
    )


def _ticket_of(key: str) -> UUID | None:
    try:
        return UUID(key.partition(":")[2])
    except ValueError:
        return None


def _errors(row: Connection) -> list[str]:
    """The newest of each kind: why a poll failed, why writes wait, why a delivery could not be read."""
    polls = [
        f"{each.project.name}: {each.poll_note}"
        for each in Watch.objects.filter(connection=row).exclude(poll_note="").select_related("project")
    ]
    writes = [why for why in _writes(row).exclude(why="").order_by("id").values_list("why", flat=True)[:3]]
    bad = Delivery.objects.filter(connection=row, state__in=["failed", "waiting"]).exclude(why="").order_by("-id")
    return list(dict.fromkeys([*polls, *writes, *bad.values_list("why", flat=True)[:3]]))


def _names(row: Watch, rule: str) -> dict[str, str]:
    """Repositories by the names that people know; those that are gone are left out."""
    kept = row.rules.get(rule) or {}
    known = {str(one.id): one.url.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()
             for one in Repository.objects.filter(project=row.project_id)} if kept else {}  # fmt: skip
    return {word: known[id] for word, id in kept.items() if id in known}


def _watch(row: Watch) -> views.WatchView:
    names = row.writes.get("names") or {}
    switches = {name: row.writes.get(name, True) for name in ("status", "comment", "transition", "link")}
    return views.WatchView(
        project=str(row.project_id), project_name=row.project.name, spaces=row.spaces, query=row.query,
        triggers=views.WatchTriggers(**row.triggers),
        writes=views.WatchWrites(
            **switches, **{stage: names.get(stage, []) for stage in ("doing", "waiting", "review", "done")},
            worklog=bool(row.writes.get("worklog")), labels=row.writes.get("labels") or {}, fields=row.writes.get("fields") or {},
        ),
        repositories=views.WatchRepositories(
            components=_names(row, "components"), spaces=_names(row, "spaces"), label=row.rules.get("label", "repo:"),
            field=row.rules.get("field", "Repository"),
        ),
        judge=row.rules.get("judge", True),
        matches_left=row.matches_left, subtasks=row.rules.get("subtasks", ""),
        polled_at=ms(row.polled_at) if row.polled_at else None, note=row.poll_note,
    )  # fmt: skip


def deliveries(connection: UUID) -> list[views.TrackerDelivery]:
    rows = Delivery.objects.filter(connection=connection).order_by("-id").defer("body")[:NEWEST]
    return [
        views.TrackerDelivery(
            id=str(row.id), at=ms(row.created_at), event=row.event, issue=row.issue, state=row.state, why=row.why
        )
        for row in rows
    ]
