"""How tickets hang together: what is blocked waits, sub-tasks are worked for their parent, a parent tells of them."""

from collections import Counter

from quarterdeck.record.models import OPEN_PHASES, Run, Ticket, Watch, Wish


def blockers(ticket: Ticket) -> list[dict[str, str]]:
    """Links to what must be done first and is not, as the tracker told them last."""
    return [
        one
        for one in ticket.facts.get("links", [])
        if one.get("how") == "is blocked by" and one.get("category") != "done"
    ]


def subtasks(ticket: Ticket) -> list[dict[str, str]]:
    return [one for one in ticket.facts.get("links", []) if one.get("how") == "sub-task"]


def waits_for(ticket: Ticket, wish: Wish | None = None) -> str:
    """In words, or nothing. A sub-task in order waits for the one before it too."""
    waiting = [f"{one['key']} ({one.get('status') or 'open'})" for one in blockers(ticket)]
    if wish is not None and wish.why == "parent" and wish.word:
        before = (
            Ticket.objects.filter(connection=ticket.connection_id, external_id=wish.word)
            .exclude(category="done")
            .first()
        )
        if before is not None and not before.deleted_at:
            waiting.append(f"{before.key} ({before.status})")
    return f"Waits for {', '.join(waiting[:5])}." if waiting else ""


def split(wish: Wish, watch: Watch) -> bool:
    """By dial, a parent's sub-tasks are worked instead of it: all at once, or each after the one before.

    Sub-tasks that we have no copy of yet come with a poll: the wish then waits for them.
    """
    dial = watch.rules.get("subtasks", "")
    links = [one for one in subtasks(wish.ticket) if one.get("category") != "done"]
    if dial not in ("parallel", "order") or not links:
        return False
    rows = {row.external_id: row for row in Ticket.objects.filter(
        connection=wish.ticket.connection_id, external_id__in=[one["id"] for one in links]
    )}  # fmt: skip
    if len(rows) < len(links):
        return False
    before = ""
    made = []
    for one in links:
        made.append(Wish(ticket=rows[one["id"]], cause=f"parent:{wish.id}", why="parent", playbook=wish.playbook, by=wish.by,
                         by_name=wish.by_name, word=before if dial == "order" else ""))  # fmt: skip
        before = one["id"]
    Wish.objects.bulk_create(made, ignore_conflicts=True)
    return True


def roll_up(ticket: Ticket) -> str:
    """How far its sub-tasks are, in words; empty without any."""
    links = subtasks(ticket)
    if not links:
        return ""
    rows = {row.external_id: row for row in Ticket.objects.filter(
        connection=ticket.connection_id, external_id__in=[one["id"] for one in links]
    )}  # fmt: skip
    running = set(
        Run.objects.filter(ticket__in=rows.values(), phase__in=OPEN_PHASES).values_list(
            "ticket__external_id", flat=True
        )
    )
    states = Counter(_state(one, rows.get(one["id"]), running) for one in links)
    parts = [f"{states[word]} {word}" for word in ("done", "with an agent", "to do") if states[word]]
    return f"Sub-tasks: {', '.join(parts)}."


def _state(link: dict[str, str], row: Ticket | None, running: set[str]) -> str:
    if (row.category if row else link.get("category")) == "done":
        return "done"
    return "with an agent" if link["id"] in running else "to do"
