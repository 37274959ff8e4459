"""A place that cannot start says why, a list that lags loses nobody, and a cluster that is away changes nothing."""

import asyncio
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from deckwire.words import AttemptState, Blame, Phase, Verb
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import decide, losses, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import END_REASONS, END_REMEDIES, PlaceSeen
from quarterdeck.record.models import Attempt, DoorsOpen, Run
from quarterdeck.record.views import queue

pytestmark = pytest.mark.django_db


def seen(cluster: MemoryCluster) -> list[PlaceSeen]:
    return asyncio.run(cluster.list())


@pytest.fixture
def placed(attempt: Attempt, cluster: MemoryCluster) -> Attempt:
    """Its place is there and has not started."""
    cluster.start_running = False
    (order,) = [one for one in reconcile.compare([]) if isinstance(one, reconcile.Create)]
    reconcile.created(order.attempt, asyncio.run(cluster.create(order.spec)))
    attempt.refresh_from_db()
    return attempt


def test_what_a_place_hangs_on_is_told_and_is_no_silence(placed: Attempt, cluster: MemoryCluster) -> None:
    cluster.wait(placed.place, "a node with enough memory")
    Attempt.objects.update(sign_at=Now() - timedelta(minutes=5))
    reconcile.compare(seen(cluster))
    placed.refresh_from_db()
    assert (placed.state, placed.doing) == (AttemptState.PENDING, "waiting for a node with enough memory")


def test_a_pause_of_what_has_not_begun_holds_at_once_and_gives_its_place_back(
    placed: Attempt, cluster: MemoryCluster, run: Run, alice_acts: Actor
) -> None:
    cluster.wait(placed.place, "the image registry.example/agent:1")
    decide.decide(alice_acts, "pause", Verb.PAUSE, runs=[run.id])
    run.refresh_from_db()
    placed.refresh_from_db()
    assert run.phase == Phase.PAUSED
    assert (placed.state, placed.reason) == (AttemptState.FENCED, "paused")
    assert [one.name for one in reconcile.compare(seen(cluster)) if isinstance(one, reconcile.Delete)] == [placed.place]
    decide.decide(alice_acts, "resume", Verb.RESUME, runs=[run.id])
    run.refresh_from_db()
    assert (run.phase, run.epoch) == (Phase.QUEUED, placed.epoch + 1)


@pytest.mark.parametrize(
    "reason", ["image_name", "image_missing", "image_auth", "config_error", "no_such_node", "canary_failed"]
)
def test_what_a_person_has_to_mend_fails_the_run_with_its_remedy(
    placed: Attempt, cluster: MemoryCluster, run: Run, reason: str
) -> None:
    cluster.end(placed.place, reason, "Told by the cluster.")
    reconcile.compare(seen(cluster))
    run.refresh_from_db()
    assert (run.phase, run.reason, run.remedy) == (Phase.FAILED, reason, END_REMEDIES[reason])
    assert run.reason_text == f"{END_REASONS[reason][1]} Told by the cluster."


@pytest.mark.parametrize(
    "reason", ["evicted", "preempted", "node_lost", "deleted", "image_pull", "unschedulable", "start_slow"]
)
def test_what_the_cluster_did_costs_the_run_nothing(
    placed: Attempt, cluster: MemoryCluster, run: Run, reason: str
) -> None:
    cluster.end(placed.place, reason)
    reconcile.compare(seen(cluster))
    run.refresh_from_db()
    assert (run.phase, run.failures, run.losses) == (Phase.QUEUED, 0, 1)


def test_the_pause_before_another_try_says_what_it_is_for(placed: Attempt, cluster: MemoryCluster, run: Run) -> None:
    Run.objects.update(losses=3)
    cluster.end(placed.place, "image_pull", "The registry refuses connections.")
    reconcile.compare(seen(cluster))
    run.refresh_from_db()
    told = queue.reason(run, None, run.phase_since)
    assert told.startswith("The image could not be pulled. The registry refuses connections. The next starts in ")


def test_a_place_that_a_list_lacks_is_asked_for_before_it_is_believed(placed: Attempt) -> None:
    assert reconcile.absent([]) == [placed.place]
    there = PlaceSeen(placed.place, placed.place_uid, "attempt", str(placed.run_id), 1, reconcile.PlaceState.RUNNING)
    assert reconcile.absent([there]) == []


def test_a_cluster_that_does_not_answer_leaves_the_attempt_to_be_asked_for_again(attempt: Attempt, run: Run) -> None:
    reconcile.not_created(attempt, TryLater("The cluster does not answer.", reason="cluster_away"))
    attempt.refresh_from_db()
    run.refresh_from_db()
    assert (attempt.state, attempt.doing, run.phase) == (
        AttemptState.CREATED,
        "The cluster does not answer.",
        Phase.STARTING,
    )
    assert [type(order) for order in reconcile.compare([])] == [reconcile.Create]


def test_a_full_cluster_is_back_to_the_queue_and_a_refused_pod_is_a_persons(attempt: Attempt, run: Run) -> None:
    reconcile.not_created(attempt, TryLater("The namespace is full.", reason="quota"))
    run.refresh_from_db()
    assert (run.phase, run.reason_text) == (Phase.QUEUED, "The namespace is full.")


def test_a_refused_pod_asks_a_person_in_the_clusters_words(attempt: Attempt, run: Run) -> None:
    reconcile.not_created(attempt, Refused("Pod Security refuses it.", reason="pod_security", remedy="Take it out."))
    run.refresh_from_db()
    attempt.refresh_from_db()
    assert (run.phase, run.reason, run.remedy, attempt.blame) == (
        Phase.FAILED, "pod_security", "Take it out.", Blame.CONFIGURATION,
    )  # fmt: skip


def test_a_run_of_an_older_version_that_froze_no_wishes_gets_its_projects(attempt: Attempt, run: Run) -> None:
    run.project.limits = {"memory_mb": 512, "cpu": 0.5, "image": "reg/own:1", "node_selector": {"disk": "ssd"}}
    run.project.save()
    Run.objects.filter(id=run.id).update(config={name: run.config[name] for name in run.config if name != "place"})
    attempt = Attempt.objects.select_related("run__project").get(id=attempt.id)
    spec = reconcile.spec_for(attempt)
    assert (spec.memory_mb, spec.cpu, spec.image, spec.node_selector) == (512, 0.5, "reg/own:1", {"disk": "ssd"})
    assert spec.labels == {"project": "larkfield"}


def ended(run: Run, cluster: MemoryCluster, before: str = "killed", now: str = "killed", *, met: bool = True) -> Run:
    """The run's newest place ends, after so many others ended for that reason; `met`: they had said hello."""
    since = Now() if met else None
    for epoch in range(1, losses.MAX_KILLS):
        Attempt.objects.create(
            run=run, epoch=epoch + 100, state=AttemptState.FAILED, reason=before, started_at=since, gone=True
        )
    Run.objects.filter(id=run.id).update(losses=losses.MAX_KILLS - 1)
    newest = Attempt.objects.filter(run=run, epoch=1)
    if now == "silent":
        cluster.run(newest.get().place)
        DoorsOpen.objects.update_or_create(name="doors", defaults={"since": Now() - timedelta(hours=1), "seen": Now()})
        state = AttemptState.RUNNING if met else AttemptState.PENDING
        newest.update(state=state, started_at=since, sign_at=Now() - timedelta(minutes=5))
    else:
        cluster.end(newest.get().place, now)
    reconcile.compare(seen(cluster))
    return Run.objects.get(id=run.id)


@pytest.mark.parametrize(
    ("before", "now"), [("killed", "killed"), ("silent", "silent"), ("killed", "silent"), ("theft", "killed")]
)
def test_who_is_ended_again_and_again_without_a_step_does_it_itself(
    placed: Attempt, cluster: MemoryCluster, run: Run, before: str, now: str
) -> None:
    """In a pod a tool may end or stop the runner, or spend its secret: every process is its user's. A free retry would do it
    again for ever."""
    found = ended(run, cluster, before, now)
    assert (found.phase, found.reason) == (Phase.FAILED, now)
    assert found.remedy == END_REMEDIES[now]
    assert f"{losses.MAX_KILLS} times" in found.reason_text


@pytest.mark.parametrize(("before", "now"), [("no_room", "killed"), ("evicted", "silent")])
def test_an_end_after_other_losses_is_weather(
    placed: Attempt, cluster: MemoryCluster, run: Run, before: str, now: str
) -> None:
    assert ended(run, cluster, before, now).phase == Phase.QUEUED


def test_who_never_got_through_to_say_hello_is_kept_by_the_network(
    placed: Attempt, cluster: MemoryCluster, run: Run
) -> None:
    """Nothing of a run has been done before its hello: that many silences are the way to us, which is everybody's."""
    assert ended(run, cluster, "silent", "silent", met=False).phase == Phase.QUEUED
