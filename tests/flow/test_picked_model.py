"""A model that is picked for one run, as the assign sheet sends it."""

import pytest

from deckwire.envelope import Config
from quarterdeck.errors import Refused
from quarterdeck.flow import config, connections, intake, routes
from quarterdeck.flow.actor import Actor
from quarterdeck.record.models import Connection, Project, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint() -> Connection:
    return Connection.objects.create(
        kind="model", name="Local", protocol="openai", base_url="http://127.0.0.1:1/v1",
        offers=[{"name": "meta/small", "in": 0, "out": 0, "context": 8192}],
    )  # fmt: skip


def edit_model(project: Project, picked: str | None) -> str:
    repository = project.repositories.get()
    return str(config.freeze(project, repository, model=picked)["models"]["edit"]["model"])


def test_a_picked_model_goes_before_the_projects_routes(project: Project, endpoint: Connection) -> None:
    assert edit_model(project, None) == "rehearsal"
    assert edit_model(project, f"{endpoint.id}/meta/small") == "meta/small"


def test_two_endpoints_with_a_model_of_the_same_name_are_two(project: Project, ticket: Ticket, endpoint: Connection,
                                                              alice_acts: Actor) -> None:  # fmt: skip
    """Neither a change of the project's routes nor an endpoint that offers the same name moves a run's calls."""
    dear = Connection.objects.create(kind="model", name="Dear", protocol="openai", base_url="http://127.0.0.1:2/v1",
                                     offers=[{"name": "meta/small", "in_micro": 9, "out_micro": 9}])  # fmt: skip
    run = intake.open_run(alice_acts, "k", ticket.id, model=f"{dear.id}/meta/small")
    Connection.objects.filter(id=endpoint.id).update(offers=[{"name": "meta/small", "in_micro": 0, "out_micro": 0}])
    Project.objects.update(routes={"edit": {"connection": str(endpoint.id), "model": "meta/small"}})
    run.refresh_from_db()
    assert routes.find(run, "edit", "openai", "meta/small").connection == dear.id
    with pytest.raises(Refused, match="Open runs"):
        connections.remove(alice_acts, dear.id)
    dear.delete()
    with pytest.raises(Refused, match="no more"):
        routes.find(run, "edit", "openai", "meta/small")
    assert "connections" not in Config.tolerant(run.config).model_dump()


def test_a_model_that_the_endpoint_does_not_offer_is_refused(project: Project, endpoint: Connection) -> None:
    with pytest.raises(Refused, match="Local offers no model"):
        edit_model(project, f"{endpoint.id}/large")
