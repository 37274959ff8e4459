"""Projects and who belongs to them: made, set up, and told to every dashboard that shows them."""

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from deckwire.events import Changed
from quarterdeck.errors import Refused
from quarterdeck.flow import logins, pokes, priorities, wishes
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import OPEN_PHASES, Connection, Member, Person, Project, Repository, Role, Run

KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")
MOST_CAP = 1_000_000_000
MOST_PLACES = 200
MOST_WEIGHT = 100
MOST_DAILY = 1_000_000_000_000
KINDS = {"plan", "edit", "small"}
QUEUE = {"places", "weight", "daily_micro"}
"""What moves those who wait."""
SCHEMES = re.compile(r"(https?|ssh|file)://|/|[\w.-]+@[\w.-]+:")


def create(actor: Actor, *, name: str, key: str) -> Project:
    """The one who makes it is its admin. Raises Refused: key_taken (409), malformed (422)."""
    name = bounded("The name", name, 80, least=1)
    if not KEY.fullmatch(key):
        raise Refused(
            "A key is 2 to 10 capital letters and digits, a letter first: LARK.", reason="malformed", status=422
        )
    try:
        with transaction.atomic():
            project = Project.objects.create(slug=key.lower(), name=name, key=key)
            if actor.person is not None and not actor.person.is_superuser:
                Member.objects.create(project=project, person=actor.person, role=Role.ADMIN)
            audit.write(actor.word, "project created", f"project:{project.id}", project=project.id, key=key)
            _tell_site(actor, "project", project.id)
            _tell_site(actor, "member", actor.id)
    except IntegrityError as taken:
        raise Refused(f"The key {key} is taken by another project.", reason="key_taken") from taken
    return project


def edit(actor: Actor, project_id: UUID, **fields: Any) -> Project:
    """Takes name, repository, login, dials, place, places, weight, daily_micro, cap_micro, routes. What is None stays. Raises
    Refused(malformed), 422.

    A running run keeps what it was opened with: these are for the next one.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    with transaction.atomic():
        project = _hold(project_id)
        repository, login = given.pop("repository", None), given.pop("login", None)
        if (place := given.pop("place", None)) is not None:
            given["limits"] = place
        for name, value in given.items():
            setattr(project, name, CHECKS[name](project, value))
        project.save(update_fields=list(given))
        if repository is not None:
            _set_repository(actor, project, repository)
        if login is not None:
            _set_login(project, login)
        changed = {name for name, value in fields.items() if value is not None}
        said = {name: value for name, value in (place or {}).items() if value}
        _note(actor, project, "edited", fields=sorted(changed), **said)
    if given.keys() & QUEUE:
        priorities.tell_waiting()
        pokes.poke("places")
    return project


def set_member(actor: Actor, project_id: UUID, person_id: UUID, role: str) -> Member:
    """Raises Refused: no_such_person (404), last_admin (409)."""
    with transaction.atomic():
        project = _hold(project_id)
        person = Person.objects.filter(id=person_id).first()
        if person is None:
            raise Refused("There is no such person.", reason="no_such_person", status=404)
        if role != Role.ADMIN:
            _keep_an_admin(project, person_id)
        member, _ = Member.objects.update_or_create(project=project, person=person, defaults={"role": role})
        _note_member(actor, project, person_id, "member set", role=role)
    return member


def remove_member(actor: Actor, project_id: UUID, person_id: UUID) -> None:
    """Open sockets lose the project at once. Raises Refused(last_admin)."""
    with transaction.atomic():
        project = _hold(project_id)
        _keep_an_admin(project, person_id)
        Member.objects.filter(project=project, person=person_id).delete()
        _note_member(actor, project, person_id, "member removed")


def _keep_an_admin(project: Project, leaving: UUID) -> None:
    admins = list(Member.objects.filter(project=project, role=Role.ADMIN).values_list("person_id", flat=True))
    owner = Person.objects.filter(is_superuser=True, is_active=True).exists()
    if admins == [leaving] and not owner:
        raise Refused("This is the project's last admin.", reason="last_admin", remedy="Make somebody else one first.")


def _hold(project_id: UUID) -> Project:
    project = Project.objects.select_for_update().filter(id=project_id).first()
    if project is None:
        raise Refused("There is no such project.", reason="no_such_project", status=404)
    return project


def _set_repository(actor: Actor, project: Project, given: dict[str, str]) -> None:
    url = bounded("The address", given["url"], 500)
    if url and (not SCHEMES.match(url) or url.startswith("-") or any(sign in url for sign in " \n\t")):
        raise Refused("An address begins with https://, ssh://, file:// or is a path on the server.", reason="malformed",
                      status=422)  # fmt: skip
    logins.refuse_in_address(url)
    branch = bounded("The branch", given["branch"], 200, least=1)
    if branch.startswith("-") or ".." in branch or any(sign in branch for sign in " ~^:?*[\\"):
        raise Refused("This is no name of a branch.", reason="malformed", status=422)
    kept = {name: bounded(f"The {name} command", given[name], 4_000) for name in ("install", "setup", "test")}
    values = {"url": url, "branch": branch, "report": bounded("The report's path", given["report"], 300), **kept}
    row = Repository.objects.filter(project=project).order_by("created_at").first()
    if url.startswith(("/", "file://")) and url != (row.url if row else "") and not _owns(actor):
        # The git service can read every repository on this machine; who runs it says which a project may have.
        raise Refused("A repository on the server's own disk is the owner's to name.", reason="owner_only", status=403,
                      remedy="Ask the owner of this installation.")  # fmt: skip
    if row is None:
        Repository.objects.create(project=project, **values)
        return
    open_runs = Run.objects.filter(repositories__repository=row, phase__in=OPEN_PHASES)
    if row.url != url and open_runs.exists():
        raise Refused("Open runs work on the repository as it is.", reason="in_use", remedy="Let them end first.")
    # What could not be fetched may be mended by this: it is asked for anew, without the old one's pause.
    asked = {} if (row.url, row.branch) == (url, branch) else {"newest": "", "looked_at": None}
    Repository.objects.filter(id=row.id).update(
        **values, **logins.kept(row, url), fetch_due=None, fetch_tries=0, fetch_note="", **asked
    )


def _set_login(project: Project, login: dict[str, str]) -> None:
    row = Repository.objects.filter(project=project).order_by("created_at").first()
    if row is None or not row.url.startswith("https://"):
        raise Refused("Only a repository at an https:// address takes a login.", reason="malformed", status=422)
    columns = logins.given(login["user"], login["secret"])
    Repository.objects.filter(id=row.id).update(**columns, fetch_due=None, fetch_tries=0, fetch_note="", looked_at=None)


def _owns(actor: Actor) -> bool:
    return actor.person is not None and actor.person.is_superuser


def _dials(project: Project, given: dict[str, str]) -> dict[str, Any]:
    return {**project.dials, **given}


def _places(project: Project, given: int) -> int:
    if not 0 <= given <= MOST_PLACES:
        raise Refused(f"Places are 0 to {MOST_PLACES}.", reason="malformed", status=422)
    return given


def _weight(project: Project, given: int) -> int:
    if not 1 <= given <= MOST_WEIGHT:
        raise Refused(f"A weight is 1 to {MOST_WEIGHT}.", reason="malformed", status=422)
    return given


def _daily(project: Project, given: int) -> int | None:
    if not 0 <= given <= MOST_DAILY:
        raise Refused("A day's budget is at most 1,000,000.00; 0 takes it away.", reason="malformed", status=422)
    return given or None


def _cap(project: Project, given: int) -> int:
    if not 0 < given <= MOST_CAP:
        raise Refused("A cap is more than 0 and at most 1,000.00.", reason="malformed", status=422)
    return given


def _routes(project: Project, given: dict[str, str]) -> dict[str, dict[str, str]]:
    """Kind → "connection/model" becomes what runs are opened with. An empty word takes the route away."""
    found = {}
    for kind, word in given.items():
        connection, _, model = word.partition("/")
        if kind not in KINDS:
            raise Refused(f"There is no kind of work named {kind[:20]!r}.", reason="malformed", status=422)
        if word:
            found[kind] = {"connection": connection, "model": _offered(connection, model)}
    return found


def _offered(connection: str, model: str) -> str:
    rows = {str(row.id): row for row in Connection.objects.filter(kind="model")}
    row = rows.get(connection)
    if row is None or model not in {offer["name"] for offer in row.offers}:
        raise Refused(f"No connection offers {model[:60] or 'that'}.", reason="no_such_model", status=422)
    return model


CHECKS: dict[str, Any] = {
    "name": lambda project, value: bounded("The name", value, 80, least=1),
    "dials": _dials,
    "places": _places,
    "limits": lambda project, value: wishes.enter(project.limits, value),
    "weight": _weight,
    "daily_micro": _daily,
    "cap_micro": _cap,
    "routes": _routes,
}


def _note(actor: Actor, project: Project, verb: str, **body: Any) -> None:
    audit.write(actor.word, f"project {verb}", f"project:{project.id}", project=project.id, **body)
    told = Changed(what="project", id=str(project.id), by=actor.word)
    ledger.note(f"project:{project.id}", told, by=actor.word)


def _note_member(actor: Actor, project: Project, person: UUID, verb: str, **body: Any) -> None:
    audit.write(actor.word, verb, f"person:{person}", project=project.id, **body)
    _tell_site(actor, "member", person)


def _tell_site(actor: Actor, what: Any, id: object) -> None:
    """Members and projects are told on the site's stream: who was not in yet hears of it too."""
    ledger.note("site", Changed(what=what, id=str(id), by=actor.word), by=actor.word)
