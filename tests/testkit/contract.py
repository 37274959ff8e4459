"""What every backend of the cluster port promises: a class of tests that asks a `world` fixture, whatever it stands on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from deckwire.words import Blame
from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.port import END_REASONS, PlaceSeen, PlaceState
from testkit.places import ENDINGS

ROOM = {"attempt": 2, "check": 1, "install": 1}
FILLING = {"kind": "install", "environment": "install-1", "environment_writable": True, "network": True}


class ClusterContract:
    async def test_a_place_that_was_made_runs_and_is_seen_as_it_was_asked(self, world: Any) -> None:
        made = await world.cluster.create(world.spec("run-7", run="7", epoch=3))
        seen = await world.running("run-7")
        assert (seen.name, seen.uid, seen.kind, seen.run, seen.epoch) == ("run-7", made.uid, "attempt", "7", 3)
        assert await world.cluster.list() == [seen]

    async def test_making_it_twice_is_one_place(self, world: Any) -> None:
        first = await world.cluster.create(world.spec())
        again = await world.cluster.create(world.spec())
        assert (again.uid, len(await world.cluster.list())) == (first.uid, 1)

    async def test_two_who_make_it_at_once_get_the_same_one(self, world: Any) -> None:
        made = await asyncio.gather(*(world.cluster.create(world.spec()) for _ in range(4)))
        assert len({seen.uid for seen in made}) == 1

    async def test_a_name_that_nobody_made_is_nothing(self, world: Any) -> None:
        assert await world.cluster.observe("run-9") is None
        assert await world.cluster.list() == []

    @pytest.mark.parametrize("reason", sorted(ENDINGS))
    async def test_an_end_is_seen_with_its_reason_and_whose_doing_it_was(self, world: Any, reason: str) -> None:
        await world.cluster.create(world.spec())
        await world.end("run-1", reason)
        seen = await world.cluster.observe("run-1")
        blame, sentence = END_REASONS[reason]
        assert (seen.state, seen.reason, seen.blame) == (PlaceState.ENDED, reason, blame)
        assert seen.text.startswith(sentence)

    async def test_an_ended_place_stays_until_it_is_deleted_and_is_not_started_again(self, world: Any) -> None:
        made = await world.cluster.create(world.spec())
        await world.end("run-1", "crashed")
        again = await world.cluster.create(world.spec())
        assert (again.uid, again.state) == (made.uid, PlaceState.ENDED)
        await world.cluster.delete("run-1", made.uid)
        await world.gone("run-1")

    async def test_a_delete_with_another_uid_does_nothing(self, world: Any) -> None:
        made = await world.cluster.create(world.spec())
        await world.cluster.delete("run-1", "0" * 32)
        assert (await world.running("run-1")).uid == made.uid

    async def test_a_deleted_place_is_gone_and_deleting_it_again_is_success(self, world: Any) -> None:
        made = await world.cluster.create(world.spec())
        await world.running("run-1")
        await world.cluster.delete("run-1", made.uid, grace_s=2)
        await world.gone("run-1")
        await world.cluster.delete("run-1", made.uid)
        assert await world.cluster.list() == []

    async def test_a_name_comes_back_with_another_uid(self, world: Any) -> None:
        first = await world.cluster.create(world.spec())
        await world.cluster.delete("run-1", first.uid, grace_s=0)
        await world.gone("run-1")
        second = await world.cluster.create(world.spec())
        assert second.uid != first.uid
        await world.cluster.delete("run-1", first.uid)
        assert await world.running("run-1")

    async def test_when_all_places_are_taken_it_says_later_and_an_end_makes_room(self, world: Any) -> None:
        for name in ("run-1", "run-2"):
            await world.cluster.create(world.spec(name))
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec("run-3"))
        assert later.value.reason == "quota"
        assert await world.cluster.observe("run-3") is None
        await world.end("run-1", "done")
        assert (await world.cluster.create(world.spec("run-3"))).name == "run-3"

    async def test_checks_have_places_of_their_own(self, world: Any) -> None:
        for name in ("run-1", "run-2"):
            await world.cluster.create(world.spec(name))
        assert (await world.cluster.create(world.spec("check-1", kind="check"))).kind == "check"
        with pytest.raises(TryLater):
            await world.cluster.create(world.spec("check-2", kind="check"))

    async def test_a_place_that_is_there_is_no_question_of_room(self, world: Any) -> None:
        for name in ("run-1", "run-2"):
            await world.cluster.create(world.spec(name))
        assert (await world.cluster.create(world.spec("run-2"))).name == "run-2"

    async def test_who_watches_hears_of_the_start_and_of_the_end(self, world: Any) -> None:
        heard = world.cluster.watch()
        await world.cluster.create(world.spec())
        assert (await anext_in_time(heard)).name == "run-1"
        await world.end("run-1", "fenced")
        while (seen := await anext_in_time(heard)).state != PlaceState.ENDED:
            continue
        assert (seen.reason, seen.blame) == ("fenced", Blame.NONE)
        await heard.aclose()

    @pytest.mark.parametrize("kind", ["attempt", "check"])
    @pytest.mark.parametrize("more", [{"network": True}, {"environment": "e-1", "environment_writable": True}])
    async def test_only_an_install_gets_a_network_or_packages_to_write(self, world: Any, kind: str, more: Any) -> None:
        with pytest.raises(Refused) as no:
            await world.cluster.create(world.spec(kind=kind, **more))
        assert no.value.reason == "install_only"
        assert await world.cluster.list() == []

    async def test_what_an_install_filled_is_kept_under_its_lasting_name(self, world: Any) -> None:
        assert await world.cluster.environments() == frozenset()
        made = await world.cluster.create(world.spec("install-1", **FILLING))
        assert await world.cluster.environments() == {"install-1"}
        await world.end("install-1", "done")
        await world.cluster.delete("install-1", made.uid)
        await world.gone("install-1")
        for _ in range(2):
            await world.cluster.keep_environment("install-1", "lark-1")
        assert await world.cluster.environments() == {"lark-1"}
        assert (await world.cluster.create(world.spec(environment="lark-1"))).kind == "attempt"

    async def test_an_environment_that_is_not_there_means_later(self, world: Any) -> None:
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec(environment="lark-1"))
        assert later.value.reason == "environment_missing"

    async def test_a_dropped_environment_is_gone_and_dropping_it_again_is_success(self, world: Any) -> None:
        await world.cluster.create(world.spec("install-1", **FILLING))
        await world.end("install-1", "crashed")
        for _ in range(2):
            await world.cluster.drop_environment("install-1")
        assert await world.cluster.environments() == frozenset()

    async def test_installs_have_places_of_their_own(self, world: Any) -> None:
        await world.cluster.create(world.spec("check-1", kind="check"))
        await world.cluster.create(world.spec("install-1", **FILLING))
        with pytest.raises(TryLater) as later:
            await world.cluster.create(world.spec("install-2", **FILLING | {"environment": "install-2"}))
        assert later.value.reason == "quota"
        assert await world.cluster.environments() == {"install-1"}

    async def test_nothing_that_is_seen_tells_the_secret(self, world: Any) -> None:
        seen = await world.cluster.create(replace(world.spec(), labels={"team": "blue"}))
        assert "pipe-run-1" not in repr(seen)


async def anext_in_time(heard: AsyncIterator[PlaceSeen]) -> PlaceSeen:
    return await asyncio.wait_for(anext(heard), 20)
