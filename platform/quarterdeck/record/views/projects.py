"""Projects and connections. A dial that a project does not hold asks: the careful answer is the default."""

from typing import Any

from deckwire import views
from quarterdeck.record.models import Connection, Member, Project, Repository
from quarterdeck.record.views.people import member

DIALS = ("plan", "permissions", "publishing", "merging")


def project(row: Project) -> views.Project:
    """`row.repositories` should be prefetched."""
    return views.Project(**_plain(row))


def project_view(row: Project, *, spent_today: int, open_runs: int) -> views.ProjectView:
    """`row.members` with their person should be prefetched too."""
    members = sorted(row.members.all(), key=lambda one: str(one.person).lower())
    repository = _first(row)
    return views.ProjectView(
        **_plain(row), repository_settings=_settings(repository), routes=_routes(row),
        repository_user=repository.login if repository else "",
        repository_has_secret=bool(repository and repository.secret),
        members=_members(members), weight=row.weight, place=_place(row.limits), daily_micro=row.daily_micro or 0,
        spent_today_micro=spent_today, open_runs=open_runs,
    )  # fmt: skip


def connection(row: Connection) -> views.ConnectionView:
    return views.ConnectionView(
        id=str(row.id), name=row.name, protocol=row.protocol, base_url=row.base_url, has_key=bool(row.secret),
        models=[_price(offer) for offer in row.offers], state=_state(row), note=_note(row),
        editable=row.protocol != "rehearsal",
    )  # fmt: skip


def dials(held: dict[str, Any]) -> views.ProjectDials:
    return views.ProjectDials(**{name: "auto" if held.get(name) == "auto" else "ask" for name in DIALS})


def _plain(row: Project) -> dict[str, Any]:
    repository = _first(row)
    return {
        "id": str(row.id), "key": row.key, "name": row.name, "repository": repository.url if repository else "",
        "branch": repository.branch if repository else "main", "dials": dials(row.dials), "cap_micro": row.cap_micro,
        "places": row.places,
    }  # fmt: skip


def _place(limits: dict[str, Any]) -> views.PlaceWish:
    return views.PlaceWish(**{name: limits[name] for name in views.PlaceWish.model_fields if name in limits})


def _first(row: Project) -> Repository | None:
    return next(iter(row.repositories.all()), None)


def _settings(row: Repository | None) -> views.Repository:
    if row is None:
        return views.Repository()
    return views.Repository(
        url=row.url, branch=row.branch, install=row.install, setup=row.setup, test=row.test, report=row.report
    )


def _routes(row: Project) -> dict[str, str]:
    return {kind: f"{route['connection']}/{route['model']}" for kind, route in row.routes.items()}


def _members(rows: list[Member]) -> list[views.Member]:
    return [member(one) for one in rows]


def _price(offer: dict[str, Any]) -> views.ModelPrice:
    return views.ModelPrice(
        name=offer["name"], in_micro_per_m_tok=offer.get("in_micro"), out_micro_per_m_tok=offer.get("out_micro"),
        context_tokens=offer.get("context", 128_000), images=offer.get("images") is True,
    )  # fmt: skip


def _state(row: Connection) -> Any:
    if row.protocol == "rehearsal":
        return "steady"
    if not row.test_facts:
        return "unknown"
    return "steady" if all(fact.get("ok") for fact in row.test_facts) else "unreachable"


def _note(row: Connection) -> str:
    failed = next((fact for fact in row.test_facts if not fact.get("ok")), None)
    return str(failed.get("remedy") or failed.get("label")) if failed else ""
