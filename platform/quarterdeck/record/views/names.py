"""Who did it, by the name that people know: never by the id of a row or of an account in a tracker."""

from collections.abc import Iterable
from uuid import UUID

from quarterdeck.record.models import Decision, Person, Run, TrackerAccount

RULES = {"rule:tracker": "the tracker", "rule:query": "the project's query", "rule:retry": "the rule for retries"}
Names = dict[str, str]
"""Actor (`person:<id>`, `tracker:<account>`) → name."""


def of(actors: Iterable[str], run: UUID | None) -> Names:
    """Two queries at the most, and none for agents and rules. Accounts are those of the run's own tracker."""
    wanted = set(actors)
    people = {one.removeprefix("person:") for one in wanted if one.startswith("person:")}
    accounts = {one.removeprefix("tracker:") for one in wanted if one.startswith("tracker:")}
    found = {f"person:{one.id}": str(one) for one in (Person.objects.filter(id__in=_uuids(people)) if people else ())}
    if accounts and run is not None:
        found |= {f"tracker:{account}": name for (_, account), name in of_accounts({run: accounts}).items()}
    return found


def of_accounts(wanted: dict[UUID, set[str]]) -> dict[tuple[UUID, str], str]:
    """Run and account in its ticket's tracker → name, in two queries; none where nobody of a tracker spoke."""
    if not wanted:
        return {}
    trackers = dict(Run.objects.filter(id__in=wanted).values_list("id", "ticket__connection_id"))
    accounts = {account for some in wanted.values() for account in some}
    rows = TrackerAccount.objects.filter(connection__in=set(trackers.values()) - {None}, account__in=accounts)
    known: dict[tuple[UUID | None, str], str] = {
        (connection, account): name
        for connection, account, name in rows.values_list("connection_id", "account", "name")
    }
    pairs = ((run, account) for run, some in wanted.items() for account in some)
    return {(run, account): name for run, account in pairs if (name := known.get((trackers.get(run), account), ""))}


def name(actor: str, known: Names) -> str:
    """An actor nobody can name is called by what it is; a rule or an agent speaks for itself."""
    kind, colon, word = actor.partition(":")
    if found := known.get(actor) or RULES.get(actor):
        return found
    if kind in {"agent", "attempt"}:
        return "the agent"
    if not colon:
        return actor
    return {"person": "a person", "tracker": "somebody in the tracker"}.get(kind, word)


def decider(row: Decision, known: Names | None = None) -> str:
    """With decision.person at hand. Who has no names `known` has them looked up."""
    if row.person:
        return str(row.person)
    return name(row.actor, of([row.actor], row.run_id) if known is None else known)


def _uuids(words: Iterable[str]) -> list[UUID]:
    found = []
    for word in words:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found
