"""What a run is opened with: dials, model routes, limits and commands of its project, frozen in Run.config."""

from typing import Any
from uuid import UUID

from deckwire.envelope import Commands, Config, Dials, Limits, ModelRoute
from quarterdeck.errors import Refused
from quarterdeck.flow import wishes
from quarterdeck.record.models import Connection, Project, Repository

KINDS = ("plan", "edit", "small")
REHEARSAL = ModelRoute(protocol="openai", model="rehearsal")


def freeze(
    project: Project, repository: Repository, *, plan_dial: str | None = None, model: str | None = None
) -> dict[str, Any]:
    """The deckwire Config as JSON, and beside it for us alone `connections` (kind → the endpoint's id) and `place` (what its
    places are made with). Raises Refused when a route names a connection or model that is not there."""
    dials = project.dials
    chosen = {kind: _route(project, kind, model) for kind in KINDS}
    config = Config(
        models={kind: route for kind, (route, _) in chosen.items()},
        limits=Limits.tolerant(project.limits | {"micro": project.cap_micro}),
        dials=Dials(plan=plan_dial or dials.get("plan", "ask"), permissions=dials.get("permissions", "ask")),
        commands=Commands(setup=repository.setup, test=repository.test, report=repository.report),
        linger_seconds=float(dials.get("linger", 60)),
    )
    connections = {kind: str(endpoint) for kind, (_, endpoint) in chosen.items() if endpoint}
    return config.model_dump(mode="json") | {"connections": connections, "place": wishes.frozen(project)}


def _route(project: Project, kind: str, model: str | None) -> tuple[ModelRoute, UUID | None]:
    """The project's route for this kind of work, or the model that was picked for this run: by its name on the same endpoint,
    or as "<endpoint's id>/<name>" on any."""
    route = project.routes.get(kind) or project.routes.get("edit")
    endpoint, name = _picked(model)
    if not route and not endpoint:
        return REHEARSAL, None
    connection = Connection.objects.filter(id=endpoint or UUID(route["connection"]), kind="model").first()
    if connection is None:
        raise Refused(f"The model endpoint for {kind} is gone.", reason="no_such_endpoint",
                      remedy="Choose another one in the project's settings.")  # fmt: skip
    name = name or route["model"]
    offer = next((one for one in connection.offers if one["name"] == name), None)
    if offer is None:
        raise Refused(f"{connection.name} offers no model {name!r}.", reason="no_such_model",
                      remedy="Add it with its price in settings, or choose another.")  # fmt: skip
    protocol = "anthropic" if connection.protocol == "anthropic" else "openai"
    context, images = offer.get("context", 128_000), offer.get("images") is True
    return ModelRoute(protocol=protocol, model=name, context_tokens=context, images=images), connection.id


def _picked(model: str | None) -> tuple[UUID | None, str]:
    """Names of models may hold slashes themselves; only an id before the first one names an endpoint."""
    endpoint, _, name = (model or "").partition("/")
    try:
        return UUID(endpoint), name
    except ValueError:
        return None, model or ""
