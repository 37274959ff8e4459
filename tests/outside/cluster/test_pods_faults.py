"""The pods backend on a bad day: an API server that expires, falls silent, lags behind, is full, or dies after the write."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.outside.cluster.pods.mirror import backoff
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from testkit.contract import anext_in_time
from testkit.kube import PodsWorld, failure, stamp
from testkit.places import until

QUOTA = 'pods "run-1" is forbidden: exceeded quota: agents, requested: pods=1, used: pods=40, limited: pods=40'
EXCEEDED = "exceeded quota: agents, requested: {}, used: {}, limited: {}"
FULL = EXCEEDED.format("limits.memory=2Gi,pods=1", "limits.memory=7Gi,pods=40", "limits.memory=8Gi,pods=40")
DRAINED = EXCEEDED.format("pods=1,requests.cpu=1", "pods=0,requests.cpu=0", "pods=0,requests.cpu=0")
TOO_LARGE = EXCEEDED.format(
    "limits.cpu=2500m,limits.memory=8Gi", "limits.cpu=1,limits.memory=0", "limits.cpu=3,limits.memory=4096Mi"
)
ODD = EXCEEDED.format("limits.memory=lots", "limits.memory=0", "limits.memory=4Gi")


@pytest.fixture
async def world() -> AsyncIterator[PodsWorld]:
    async with PodsWorld() as pods:
        yield pods


@pytest.fixture
async def still() -> AsyncIterator[PodsWorld]:
    """Pods neither start nor go by themselves."""
    async with PodsWorld(starts=False) as pods:
        yield pods


async def hear(heard: AsyncIterator[PlaceSeen], name: str, state: PlaceState = PlaceState.RUNNING) -> PlaceSeen:
    while (seen := await anext_in_time(heard)).name != name or seen.state != state:
        continue
    return seen


def pods(world: PodsWorld) -> set[str]:
    return set(world.server.objects["pods"])


def secrets(world: PodsWorld) -> set[str]:
    return set(world.server.objects["secrets"])


class TestSieve:
    """What unreliable control planes do to controllers: stale, unobserved and intermediate states."""

    async def test_stale_a_list_from_the_past_does_not_bring_an_earlier_state_back(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        past = list(world.server.objects["pods"].values())
        await world.end("run-1", "crashed")
        assert (await world.cluster.list())[0].state == PlaceState.ENDED
        world.server.past = past
        assert (await world.cluster.list())[0].state == PlaceState.ENDED

    async def test_stale_what_was_removed_does_not_come_back(self, world: PodsWorld) -> None:
        made = await world.cluster.create(world.spec())
        past = list(world.server.objects["pods"].values())
        await world.cluster.delete("run-1", made.uid)
        assert await world.cluster.list() == []
        world.server.past = past
        assert await world.cluster.list() == []

    async def test_stale_a_list_without_what_is_there_loses_nothing(self, world: PodsWorld) -> None:
        made = await world.cluster.create(world.spec())
        world.server.past = []
        (seen,) = await world.cluster.list()
        assert (seen.uid, seen.state) == (made.uid, PlaceState.RUNNING)

    async def test_unobserved_what_came_and_went_between_two_looks_is_told_as_deleted(self, world: PodsWorld) -> None:
        made = await world.cluster.create(world.spec())
        world.server.remove("run-1", silently=True)
        (seen,) = await world.cluster.list()
        assert (seen.uid, seen.state, seen.reason) == (made.uid, PlaceState.ENDED, "deleted")
        await world.cluster.delete("run-1", made.uid)
        assert await world.cluster.list() == []

    async def test_intermediate_a_create_whose_answer_was_lost_is_asked_again_and_adopted(
        self, world: PodsWorld
    ) -> None:
        world.server.cut_after_create = True
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec())
        assert later.value.reason == "cluster_away"
        uid = world.server.objects["pods"]["run-1"]["metadata"]["uid"]
        other = world.again()
        assert (await other.create(world.spec())).uid == uid
        assert (pods(world), secrets(world)) == ({"run-1"}, {"run-1"})
        assert world.server.objects["secrets"]["run-1"]["metadata"]["ownerReferences"][0]["uid"] == uid
        await other.close()

    async def test_intermediate_a_secret_whose_maker_died_goes_or_gets_its_owner(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        old = stamp(datetime.now(UTC) - timedelta(minutes=5))
        for name in ("run-1", "run-2"):
            metadata = {**world.server.objects["secrets"]["run-1"]["metadata"], "name": name, "creationTimestamp": old}
            metadata.pop("ownerReferences", None)
            world.server.objects["secrets"][name] = {"metadata": metadata, "data": {}}
        world.now += 61
        await world.cluster.list()
        assert secrets(world) == {"run-1"}
        owner = world.server.objects["secrets"]["run-1"]["metadata"]["ownerReferences"][0]
        assert owner["uid"] == world.server.objects["pods"]["run-1"]["metadata"]["uid"]


class TestWatch:
    async def test_an_expired_version_is_listed_again(self, world: PodsWorld) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        world.server.forget = world.server.version + 1
        world.server.drop_watches()
        listening = asyncio.create_task(hear(heard, "run-2"))
        lists = world.server.asked.count(("GET", "pods"))
        await until(lambda: world.server.asked.count(("GET", "pods")) > lists + 1)
        world.server.forget = 0
        await world.cluster.create(world.spec("run-2"))
        assert (await listening).name == "run-2"
        await heard.aclose()

    async def test_what_happened_while_nobody_listened_is_told(self, world: PodsWorld) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        world.server.drop_watches()
        world.server.remove("run-1", silently=True)
        assert (await hear(heard, "run-1", PlaceState.ENDED)).reason == "deleted"
        await heard.aclose()

    async def test_a_deaf_watch_hides_an_end_for_seconds_only(self, world: PodsWorld) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        world.server.mute = True
        await world.end("run-1", "crashed")
        world.now += 6
        assert (await world.cluster.list())[0].state == PlaceState.ENDED
        await heard.aclose()

    async def test_while_it_hears_a_list_costs_no_question(self, world: PodsWorld) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        listening = asyncio.create_task(hear(heard, "run-2"))
        await until(lambda: world.server.watchers)
        before = len(world.server.asked)
        assert len(await world.cluster.list()) == 1
        assert len(world.server.asked) == before
        await world.cluster.create(world.spec("run-2"))
        await listening
        await heard.aclose()

    async def test_a_change_of_any_size_is_heard(self, world: PodsWorld) -> None:
        """Others write annotations on our pods, up to a quarter of a megabyte each."""
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        pod = world.server.objects["pods"]["run-1"]
        listening = asyncio.create_task(hear(heard, "run-1", PlaceState.ENDED))
        await until(lambda: world.server.watchers)
        lists = world.server.asked.count(("GET", "pods"))
        noisy = pod["metadata"] | {"annotations": {"mesh.example/config": "x" * 400_000}}
        world.server._change("MODIFIED", pod | {"metadata": noisy})
        await world.end("run-1", "crashed")
        assert (await asyncio.wait_for(listening, 10)).reason == "crashed"
        assert world.server.asked.count(("GET", "pods")) == lists
        await heard.aclose()

    @pytest.mark.parametrize(
        "half", [b'{"type": "ADDED", "object": {"metadata": {}}}', b"[]", b'{"type": "ADDED", "obj', b'"x"']
    )
    async def test_half_an_event_is_weather(self, world: PodsWorld, half: bytes) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        await hear(heard, "run-1")
        listening = asyncio.create_task(hear(heard, "run-1", PlaceState.ENDED))
        await until(lambda: world.server.watchers)
        world.server.says_half = half
        await world.end("run-1", "crashed")
        assert (await asyncio.wait_for(listening, 10)).reason == "crashed"
        await heard.aclose()

    async def test_a_list_that_a_proxy_answered_is_weather(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        page = web.Response(text="<html>Sign in</html>", content_type="text/html")
        world.server.refusals += [("GET", "pods", page)]
        with pytest.raises(TryLater):
            await world.cluster.list()
        world.server.refusals += [("GET", "pods", web.Response(text="<html>Sign in</html>"))]
        heard = world.cluster.watch()
        assert await hear(heard, "run-1")
        await heard.aclose()

    async def test_a_failing_list_is_weather(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        world.server.refusals += [("GET", "pods", failure(500, "InternalError", "etcd is away"))]
        heard = world.cluster.watch()
        assert await hear(heard, "run-1")
        await heard.aclose()

    @pytest.mark.parametrize(("tries", "low", "high"), [(1, 0.5, 1.0), (4, 4.0, 8.0), (40, 15.0, 30.0)])
    def test_its_pauses_grow_to_half_a_minute(self, tries: int, low: float, high: float) -> None:
        assert (backoff(tries, 0.0), backoff(tries, 1.0)) == (low, high)


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "kind", "reason"),
        [
            ((403, "Forbidden", QUOTA), TryLater, "quota"),
            ((403, "Forbidden", FULL), TryLater, "quota"),
            ((403, "Forbidden", DRAINED), TryLater, "quota"),
            ((403, "Forbidden", ODD), TryLater, "quota"),
            ((403, "Forbidden", TOO_LARGE), Refused, "too_large"),
            ((429, "TooManyRequests", "slow down"), TryLater, "cluster_away"),
            ((500, "InternalError", "etcd"), TryLater, "cluster_away"),
            ((403, "Forbidden", 'pods "x" is forbidden: violates PodSecurity "restricted:latest": host'), Refused, "pod_security"),
            ((403, "Forbidden", "maximum memory usage per Pod is 1Gi, but limit is 2Gi"), Refused, "limits"),
            ((403, "Forbidden", 'User "x" cannot create resource "pods" in API group ""'), TryLater, "forbidden"),
            ((403, "Forbidden", 'no new content in namespace agents because it is being terminated'), TryLater, "no_namespace"),
            ((403, "Forbidden", 'error looking up service account agents/default: "default" not found'), TryLater, "no_namespace"),
            ((404, "NotFound", 'namespaces "agents" not found'), TryLater, "no_namespace"),
            ((403, "Forbidden", 'pods "x" is forbidden: pod rejected: RuntimeClass "gvizor" not found'), Refused, "no_such_class"),
            ((403, "Forbidden", 'pods "x" is forbidden: no PriorityClass with name high was found'), Refused, "no_such_class"),
            ((403, "Forbidden", 'failed quota: agents: must specify limits.hugepages-2Mi for: agent'), Refused, "limits"),
            ((403, "Forbidden", 'admission webhook "images.example" denied the request: not from our registry'), Refused, "policy"),
            ((422, "Invalid", "spec.containers[0].image: Required value"), Refused, "invalid_place"),
        ],
    )  # fmt: skip
    async def test_a_refused_pod_leaves_nothing_and_says_why(
        self, world: PodsWorld, answer: Any, kind: type[Exception], reason: str
    ) -> None:
        world.server.refusals += [("POST", "pods", failure(*answer))]
        with pytest.raises(kind) as no:
            await world.cluster.create(world.spec())
        assert getattr(no.value, "reason", "") == reason
        assert pods(world) == set()
        # After a failure of the server's own the pod may be there all the same: its secret waits for the sweep.
        assert bool(secrets(world)) == (answer[0] >= 500)

    @pytest.mark.parametrize(
        ("message", "remedy"),
        [
            ('pods "x" is forbidden: pod rejected: RuntimeClass "gvizor" not found', "runtime class"),
            ("admission webhook denied the request: not from our registry", "image"),
            ("failed quota: agents: must specify limits.hugepages-2Mi for: agent", "quota"),
        ],
    )
    async def test_a_projects_mistake_is_not_told_as_a_missing_right(
        self, world: PodsWorld, message: str, remedy: str
    ) -> None:
        world.server.refusals += [("POST", "pods", failure(403, "Forbidden", message))]
        with pytest.raises(Refused) as no:
            await world.cluster.create(world.spec())
        assert message in no.value.text
        assert remedy in no.value.remedy
        assert "rights" not in no.value.remedy

    async def test_what_the_whole_quota_has_no_room_for_is_told_by_limit_and_by_what_was_asked(
        self, world: PodsWorld
    ) -> None:
        """No end of another agent makes room for it: to wait would be for ever."""
        world.server.refusals += [
            ("POST", "pods", failure(403, "Forbidden", f'pods "run-1" is forbidden: {TOO_LARGE}'))
        ]
        with pytest.raises(Refused) as no:
            await world.cluster.create(world.spec())
        assert "limits.memory: it asks for 8Gi, and the quota agents is 4096Mi in all" in no.value.text
        assert "limits.cpu" not in no.value.text, "that only waits for room"
        assert "project's settings" in no.value.remedy

    @pytest.mark.parametrize(
        ("less", "more"),
        [("500m", "1"), ("1", "1001m"), ("1023Mi", "1Gi"), ("1G", "1Gi"), ("999k", "1M"), ("1e3", "1001"), ("1.5Gi", "1537Mi")],
    )  # fmt: skip
    async def test_a_quantity_is_compared_by_what_it_is_worth(self, world: PodsWorld, less: str, more: str) -> None:
        world.server.refusals += [
            ("POST", "pods", failure(403, "Forbidden", EXCEEDED.format(f"x={more}", "x=0", f"x={less}")))
        ]
        with pytest.raises(Refused):
            await world.cluster.create(world.spec())
        world.server.refusals += [
            ("POST", "pods", failure(403, "Forbidden", EXCEEDED.format(f"x={less}", "x=0", f"x={more}")))
        ]
        with pytest.raises(TryLater):
            await world.cluster.create(world.spec())

    async def test_what_the_operator_has_to_mend_keeps_the_queue_and_says_how(self, world: PodsWorld) -> None:
        """A right or a namespace that is away for a minute must not fail each run that waits."""
        no_right = failure(403, "Forbidden", 'pods is forbidden: User "x" cannot create resource "pods"')
        world.server.refusals += [("POST", "pods", no_right)]
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec())
        assert "quarterdeck doctor" in later.value.text

    async def test_a_server_that_names_a_time_is_asked_no_sooner(self, world: PodsWorld) -> None:
        world.server.refusals += [("POST", "pods", failure(429, "TooManyRequests", "slow", **{"Retry-After": "7"}))]
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec())
        assert later.value.after == 7

    async def test_a_server_that_names_a_time_to_a_look_or_a_delete_is_heard(self, world: PodsWorld) -> None:
        made = await world.cluster.create(world.spec())
        for method, ask in (
            ("GET", world.cluster.observe("run-1")),
            ("DELETE", world.cluster.delete("run-1", made.uid)),
        ):
            world.server.refusals += [(method, "pods", failure(429, "TooManyRequests", "slow", **{"Retry-After": "7"}))]
            with pytest.raises(TryLater) as later:
                await ask
            assert later.value.after == 7

    async def test_a_cluster_that_is_gone_means_later(self, world: PodsWorld) -> None:
        await world.http.close()
        for ask in (world.cluster.list(), world.cluster.observe("run-1"), world.cluster.create(world.spec())):
            with pytest.raises(TryLater):
                await ask

    async def test_missing_rights_to_look_are_a_persons_to_mend(self, world: PodsWorld) -> None:
        world.server.refusals += [("GET", "pods", failure(403, "Forbidden", 'cannot list resource "pods"'))]
        with pytest.raises(GaveUp):
            await world.cluster.list()

    async def test_a_pod_of_another_installation_is_not_adopted(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        world.server.objects["pods"]["run-1"]["metadata"]["labels"]["quarterdeck/site"] = "other"
        other = world.again()
        with pytest.raises(Refused) as no:
            await other.create(world.spec())
        assert no.value.reason == "name_taken"
        assert await other.list() == []
        await other.close()


class TestTwoReconcilers:
    """One was thought dead and goes on: what the other made meanwhile is adopted, whatever the server says of a second one."""

    @pytest.mark.parametrize(
        "answer", [(403, "Forbidden", QUOTA), (429, "TooManyRequests", "slow down"), (409, "AlreadyExists", "")]
    )
    async def test_a_refusal_of_the_second_pod_of_a_name_takes_nothing_from_the_first(
        self, world: PodsWorld, answer: Any
    ) -> None:
        """The first one took the quota's last place, and its quota is asked before its name."""
        not_yet = failure(404, "NotFound", 'pods "run-1" not found')
        made = await world.cluster.create(world.spec())
        other = world.again()
        world.server.refusals += [("GET", "pods", not_yet), ("POST", "pods", failure(*answer))]
        assert (await other.create(world.spec())).uid == made.uid
        assert (pods(world), secrets(world)) == ({"run-1"}, {"run-1"})
        await other.close()

    async def test_a_secret_that_the_other_made_is_not_taken_from_under_its_pod(self, world: PodsWorld) -> None:
        await world.cluster.create(world.spec())
        world.server.remove("run-1", silently=True)  # it is being made: only its secret is there
        world.server.refusals += [("POST", "pods", failure(403, "Forbidden", QUOTA))]
        other = world.again()
        with pytest.raises(TryLater):
            await other.create(world.spec())
        assert secrets(world) == {"run-1"}
        await other.close()

    async def test_a_secret_that_its_maker_took_back_is_made_anew_for_the_pod(self, world: PodsWorld) -> None:
        made = await world.cluster.create(world.spec())
        del world.server.objects["secrets"]["run-1"]
        assert (await world.cluster.create(world.spec())).uid == made.uid
        assert world.server.objects["secrets"]["run-1"]["metadata"]["ownerReferences"][0]["uid"] == made.uid


class TestClocks:
    """Ours may be wrong by an hour: how old a pod is says the cluster's own clock."""

    @pytest.mark.parametrize("hours", [-1, 1])
    async def test_a_wrong_clock_here_ends_no_start(self, still: PodsWorld, hours: int) -> None:
        still.server.clock = timedelta(hours=-hours)
        await still.cluster.create(still.spec())
        assert (await still.cluster.list())[0].state == PlaceState.PENDING
        still.now += 601
        still.server.clock += timedelta(seconds=601)
        assert (await still.cluster.list())[0].reason == "start_slow"

    async def test_a_wrong_clock_here_takes_no_pod_away_by_force(self, still: PodsWorld) -> None:
        still.server.clock = timedelta(hours=-1)
        made = await still.cluster.create(still.spec())
        still.server.run("run-1")
        for _ in range(3):
            await still.cluster.list()
            await still.cluster.delete("run-1", made.uid, grace_s=5)
        assert pods(still) == {"run-1"}


class TestLeaving:
    async def test_a_pod_that_is_on_its_way_out_is_left_alone_until_it_is_overdue(self, still: PodsWorld) -> None:
        made = await still.cluster.create(still.spec())
        still.server.run("run-1")
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        (seen,) = await still.cluster.list()
        assert seen.waiting_for == "its end"
        asked = still.server.asked.count(("DELETE", "pods/run-1"))
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        assert still.server.asked.count(("DELETE", "pods/run-1")) == asked
        pod = still.server.objects["pods"]["run-1"]
        late = pod["metadata"] | {"deletionTimestamp": stamp(datetime.now(UTC) - timedelta(seconds=12))}
        still.server._change("MODIFIED", pod | {"metadata": late})
        await still.cluster.list()
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        assert pods(still) == set()

    @pytest.mark.parametrize("status", [403, 422, 500])
    async def test_a_pod_that_may_not_go_holds_up_nobody(
        self, still: PodsWorld, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A policy keeps it, say: a delete that raised would end the reconciler's pass before anybody gets a place."""
        made = await still.cluster.create(still.spec())
        still.server.refusals += [("DELETE", "pods", failure(status, "Forbidden", 'webhook "keep.example" denied it'))]
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        assert "keep.example" in caplog.text
        still.server.end("run-1", 1)
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        assert pods(still) == set(), "it is asked for again"

    async def test_a_name_whose_pod_is_leaving_is_taken_for_now(self, still: PodsWorld) -> None:
        made = await still.cluster.create(still.spec())
        still.server.run("run-1")
        await still.cluster.delete("run-1", made.uid, grace_s=5)
        with pytest.raises(TryLater) as later:
            await still.cluster.create(still.spec())
        assert later.value.reason == "leaving"


async def test_a_name_of_the_doors_is_looked_up_for_the_agent(world: PodsWorld) -> None:
    async with PodsWorld(doors="http://localhost:8700", git="http://localhost:8701") as named:
        await named.cluster.create(named.spec())
        aliases = named.server.objects["pods"]["run-1"]["spec"]["hostAliases"]
    assert [one["hostnames"] for one in aliases] == [["localhost"]]


async def test_without_a_volume_an_install_is_refused_in_words() -> None:
    async with PodsWorld(claim="") as bare:
        with pytest.raises(Refused) as no:
            await bare.cluster.create(
                bare.spec("install-1", kind="install", environment="install-1", environment_writable=True)
            )
        assert no.value.reason == "no_volume"
        assert await bare.cluster.environments() == frozenset()


async def test_a_dropped_folder_is_swept_by_a_short_pod_and_the_sweeper_goes(world: PodsWorld) -> None:
    await world.cluster.create(
        world.spec("install-1", kind="install", environment="install-1", environment_writable=True)
    )
    await world.cluster.drop_environment("install-1")
    (sweeper,) = pods(world) - {"install-1"}
    assert [seen.name for seen in await world.cluster.list()] == ["install-1"]
    world.server.end(sweeper, 0)
    world.now += 61
    await world.cluster.list()
    assert pods(world) == {"install-1"}


@pytest.mark.parametrize("data", [{}, {"folder": "Li4="}, {"folder": ""}, {"folder": "%"}, {"folder": "/w=="}])
async def test_a_note_that_somebody_spoilt_is_no_note_and_sweeps_nothing(
    world: PodsWorld, data: dict[str, str]
) -> None:
    """`..` or no name at all would sweep away the packages of all projects."""
    await world.cluster.create(
        world.spec("install-1", kind="install", environment="install-1", environment_writable=True)
    )
    world.server.objects["secrets"]["environment-install-1"]["data"] = data
    assert await world.cluster.environments() == frozenset()
    await world.cluster.drop_environment("install-1")
    assert pods(world) == {"install-1"}
