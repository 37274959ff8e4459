"""What a project wants of its places: refused where it makes no sense, kept by the run that was opened with it."""

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import intake, projects, reconcile, wishes
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.pods import manifest
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSpec
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Attempt, Audit, Project, Run, Ticket
from testkit import starting

WANTED = {
    "image": "registry.example:5000/team/app:1.2", "cpu": 2.0, "memory_mb": 4096, "disk_mb": 8192,
    "runtime_class": "gvisor", "node_selector": {"disk": "ssd"}, "labels": {"kueue.x-k8s.io/queue-name": "agents"},
}  # fmt: skip
GROUND = Ground(site="here", image="quarterdeck/agent:1", doors="http://doors", git="http://git")


def spec_of(run: Run) -> PlaceSpec:
    attempt = Attempt.objects.select_related("run__project").get(run=run)
    return reconcile.spec_for(attempt)


def begin(run: Run) -> PlaceSpec:
    assert starting.prepared(run)
    assert starting.give(run.id) is not None
    return spec_of(run)


def test_what_is_entered_reaches_the_pod(alice_acts: Actor, project: Project, ticket: Ticket, store: Store) -> None:
    projects.edit(alice_acts, project.id, place=WANTED)
    pod = manifest.pod(GROUND, begin(intake.open_run(alice_acts, "k", ticket.id)))
    container = pod["spec"]["containers"][0]
    assert container["image"] == WANTED["image"]
    assert container["resources"]["limits"] == {"cpu": "2000m", "memory": "4096Mi", "ephemeral-storage": "8256Mi"}
    assert (pod["spec"]["runtimeClassName"], pod["spec"]["nodeSelector"]) == ("gvisor", {"disk": "ssd"})
    labels = pod["metadata"]["labels"]
    assert (labels["kueue.x-k8s.io/queue-name"], labels["project"]) == ("agents", "larkfield")


def test_a_change_is_for_the_next_run_and_touches_no_open_one(
    alice_acts: Actor, project: Project, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    projects.edit(alice_acts, project.id, place=WANTED)
    first = intake.open_run(alice_acts, "a", make_ticket().id)
    projects.edit(alice_acts, project.id, place=WANTED | {"image": "other/app:2", "memory_mb": None})
    second = intake.open_run(alice_acts, "b", make_ticket().id)
    before, after = begin(first), begin(second)
    assert (before.image, before.memory_mb) == (WANTED["image"], 4096)
    assert (after.image, after.memory_mb) == ("other/app:2", 2048)


def test_it_is_written_down_who_changed_what(alice_acts: Actor, project: Project) -> None:
    projects.edit(alice_acts, project.id, place={"image": "team/app:1", "cpu": None, "labels": {}})
    (row,) = Audit.objects.filter(verb="project edited")
    assert (row.actor, row.body["fields"], row.body["image"]) == (alice_acts.word, ["place"], "team/app:1")


def test_other_limits_of_the_project_stay_as_they_are(alice_acts: Actor, project: Project) -> None:
    Project.objects.filter(id=project.id).update(limits={"steps": 40, "priority_class": "low", "image": "old:1"})
    projects.edit(alice_acts, project.id, place={"image": "", "cpu": 0.5})
    assert Project.objects.get(id=project.id).limits == {"steps": 40, "priority_class": "low", "cpu": 0.5}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"image": "Not An Image"}, "is no name of an image"),
        ({"image": "-rm"}, "is no name of an image"),
        ({"cpu": 0.01}, "Processors: 0.01 is not between 0.1 and 256 cores"),
        ({"memory_mb": 8}, "Memory: 8 is not between 64"),
        ({"disk_mb": -1}, "Disk: -1 is not between"),
        ({"runtime_class": "G Visor"}, "no name of a runtime class"),
        ({"node_selector": {"a b": "c"}}, "Node selector: 'a b' is no key"),
        ({"node_selector": {"disk": "very fast"}}, "is no value of disk"),
        ({"labels": {"quarterdeck/site": "there"}}, "finds its own places by"),
        ({"labels": {f"k{i}": "v" for i in range(21)}}, "21 are more than 20"),
    ],
)
def test_what_no_cluster_could_take_is_refused_in_words(
    alice_acts: Actor, project: Project, place: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words) as no:
        projects.edit(alice_acts, project.id, place=place)
    assert (no.value.reason, no.value.status) == ("malformed", 422)
    assert Project.objects.get(id=project.id).limits == {}


@pytest.mark.parametrize(
    "image",
    ["alpine", "library/alpine:3.20", "localhost/quarterdeck/foreign:dev", "10.0.0.1:5000/a_b/c-d@sha256:" + "0" * 64],
)
def test_names_of_images_as_registries_take_them(image: str) -> None:
    assert wishes.enter({}, {"image": image}) == {"image": image}
