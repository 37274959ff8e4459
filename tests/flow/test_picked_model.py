"""A model that is picked for one run, as the assign sheet sends it."""

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import config
from quarterdeck.record.models import Connection, Project

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


def test_a_model_that_the_endpoint_does_not_offer_is_refused(project: Project, endpoint: Connection) -> None:
    with pytest.raises(Refused, match="Local offers no model"):
        edit_model(project, f"{endpoint.id}/large")
