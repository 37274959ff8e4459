"""Places as bare pods: one for each attempt, check and install, named after it; nobody but our reconciler retries.

The API server is the truth. What is kept here (the mirror) only spares it questions: every absence is asked for anew before
it is believed, every delete carries the uid, and a name that is taken is adopted. So two of us, or one that was killed
half-way, make no second pod and remove none of somebody else's.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from deckwire import crash
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.outside.cluster.pods import images, manifest, reasons
from quarterdeck.outside.cluster.pods.addresses import named
from quarterdeck.outside.cluster.pods.answers import AWAY, translate
from quarterdeck.outside.cluster.pods.api import Api, Away, Json, Said
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.pods.mirror import Mirror
from quarterdeck.outside.cluster.pods.packages import Packages
from quarterdeck.outside.cluster.pods.told import Told
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState, check_install

log = logging.getLogger(__name__)
Places = list[PlaceSeen]
MIRROR_S = 5.0
"""A mirror that has heard nothing for so long is asked to list, whatever its watch believes."""
OVERDUE_S = 10
"""A pod that is still there so long after its grace has nobody to end it (its node is lost): the object goes by force."""
TIDY_S = 60.0
TOLD_S = 60.0


class PodsCluster:
    """`room` is the most places alive at once, by kind; None leaves that to the site's places and the cluster's quota.
    `clock` counts seconds."""

    name = "pods"

    def __init__(
        self,
        api: Api,
        ground: Ground,
        *,
        room: Mapping[str, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api, self.ground, self.room, self._clock = api, ground, room, clock
        selector = ",".join([f"{manifest.SITE}={ground.site}", f"{manifest.KIND} in (attempt,check,install)"])
        self.mirror = Mirror(api, "/pods", selector, clock=clock)
        self.packages = Packages(api, ground)
        self.told = Told(api, clock)
        self._asked: dict[str, float] = {}
        self._tidied = self._clock()

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        try:
            there = await self._get(spec.name)
            return await self._adopt(spec, there) if there else await self._make(spec)
        except (Said, Away) as bad:
            raise translate(bad) from bad

    async def observe(self, name: str) -> PlaceSeen | None:
        try:
            found = await self._get(name)
        except (Said, Away) as bad:
            raise _away(bad) from bad
        return self._seen(found) if found else None

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        self._asked[uid] = self._clock()
        seconds = self._grace(uid, grace_s)
        if seconds is None:
            return
        options = {"gracePeriodSeconds": seconds, "preconditions": {"uid": uid}}
        try:
            await self.api.ask("DELETE", f"/pods/{name}", body=options)
            crash.point("pod.deleted")
        except Said as said:
            if said.status == 429:
                raise _away(said) from said
            if said.status not in (404, 409):  # gone, or another one has its name
                # Whoever wants it gone asks again, and what keeps this one (a policy, say) is nobody else's wait.
                log.warning("the cluster does not let %s go: %s", name, said)
        except Away as away:
            raise _away(away) from away

    async def list(self) -> list[PlaceSeen]:
        try:
            if self.mirror.age > MIRROR_S:
                await self.mirror.refresh()
            await self.told.listen(self.mirror.items.values())
            removed = await self._removed()
            await self._tidy()
        except (Said, Away) as bad:
            raise _away(bad) from bad
        places = [self._seen(one) for one in self.mirror.items.values()] + removed
        return sorted(places, key=lambda seen: seen.name)

    async def environments(self) -> frozenset[str]:
        try:
            return await self.packages.names()
        except (Said, Away) as bad:
            raise _away(bad) from bad

    async def keep_environment(self, filled: str, name: str) -> None:
        try:
            await self.packages.keep(filled, name)
        except (Said, Away) as bad:
            raise _away(bad) from bad

    async def drop_environment(self, name: str) -> None:
        try:
            await self.packages.drop(name)
        except (Said, Away) as bad:
            raise _away(bad) from bad

    async def watch(self) -> AsyncIterator[PlaceSeen]:
        async for one, gone in self.mirror.changes():
            yield self._seen(one, removed=gone and one["metadata"]["uid"] not in self._asked)

    async def close(self) -> None:
        await self.api.close()

    async def _make(self, spec: PlaceSpec) -> PlaceSeen:
        """The secret first, so that the pod never waits for it; an orphan of ours is swept up."""
        check_install(spec)
        images.check(spec)
        await self._check_room(spec.kind)
        ground, folder = await named(self.ground), await self.packages.prepare(spec)
        ours = await self._secret(spec)
        crash.point("pod.secret")
        try:
            made = await self.api.ask("POST", "/pods", body=manifest.pod(ground, spec, folder))
        except Said as no:
            if no.status < 500:  # else it may have been made all the same
                if there := await self._get(
                    spec.name
                ):  # by another one of us: a full quota is told before a taken name
                    return await self._adopt(spec, there)
                await self._take_back(spec.name, ours)
            raise
        crash.point("pod.made")
        self.mirror.put(made)
        await self._hand_over(spec, made["metadata"]["uid"])
        return self._seen(made)

    async def _secret(self, spec: PlaceSpec) -> str:
        """Its uid; "" when somebody made it before: it holds the same, and is not ours to remove."""
        try:
            made = await self.api.ask("POST", "/secrets", body=manifest.secret(self.ground, spec))
        except Said as taken:
            if taken.status != 409:
                raise
            return ""
        return str(made["metadata"]["uid"])

    async def _take_back(self, name: str, uid: str) -> None:
        if uid:
            with suppress(Said, Away):
                await self.api.ask("DELETE", f"/secrets/{name}", body={"preconditions": {"uid": uid}})

    async def _hand_over(self, spec: PlaceSpec, uid: str) -> None:
        """The secret goes with its pod from here on. One that was taken back by who made it is made anew: the kubelet waits."""
        with suppress(Said, Away):
            try:
                await self._give(spec.name, uid)
            except Said as gone:
                if gone.status != 404:
                    raise
                again = manifest.secret(self.ground, spec)
                again["metadata"] |= manifest.owned_by(spec.name, uid)["metadata"]
                await self.api.ask("POST", "/secrets", body=again)

    async def _adopt(self, spec: PlaceSpec, there: Json) -> PlaceSeen:
        """Who made it may have died before its secret was its own."""
        if not self._is_ours(there):
            raise Refused(f"A pod named {there['metadata']['name']} is there and not ours.", reason="name_taken")
        if there["metadata"].get("deletionTimestamp"):
            raise TryLater("A place of this name is just being removed.", after=0.5, reason="leaving")
        await self._hand_over(spec, there["metadata"]["uid"])
        return self._seen(there)

    async def _check_room(self, kind: str) -> None:
        if self.room is None:
            return
        await self.mirror.refresh()
        living = [seen for seen in map(self._seen, self.mirror.items.values()) if seen.kind == kind]
        living = [seen for seen in living if seen.state != PlaceState.ENDED]
        if len(living) >= self.room.get(kind, 0):
            raise TryLater(f"All {len(living)} places for this kind of work are taken.", after=5.0, reason="quota")

    async def _get(self, name: str) -> Json | None:
        try:
            found = await self.api.ask("GET", f"/pods/{name}")
        except Said as said:
            if said.status == 404:
                return None
            raise
        if self._is_ours(found):
            self.mirror.put(found)
        return found

    def _is_ours(self, one: Json) -> bool:
        return one["metadata"].get("labels", {}).get(manifest.SITE) == self.ground.site

    async def _give(self, name: str, uid: str) -> None:
        await self.api.ask("PATCH", f"/secrets/{name}", body=manifest.owned_by(name, uid), patch=True)

    def _seen(self, one: Json, *, removed: bool = False) -> PlaceSeen:
        return reasons.seen(self.told.on(one), self.api.now(), removed=removed)

    def _grace(self, uid: str, wanted: float) -> int | None:
        """Seconds to ask for, or None when it is on its way already. 0 takes the object away without waiting for the node."""
        known = self.mirror.items.get(uid)
        until = (known or {}).get("metadata", {}).get("deletionTimestamp")
        if not until:
            return max(1, round(wanted))
        now, end = self.api.now(), reasons.stamp(until)
        if now > end + timedelta(seconds=OVERDUE_S):
            return 0
        return max(1, round(wanted)) if end - now > timedelta(seconds=wanted + 2) else None

    async def _removed(self) -> Places:
        """What others deleted, as it was last, once it is certain."""
        now, found = self._clock(), []
        self._asked = {uid: at for uid, at in self._asked.items() if now - at < 600}
        for uid, (at, one) in tuple(self.mirror.gone.items()):
            if uid in self._asked or now - at > TOLD_S:
                continue
            there = await self._get_again(one)
            if there is None:
                found.append(self._seen(one, removed=True))
        return found

    async def _get_again(self, one: Json) -> Json | None:
        """A list or an event may come from a server that lags behind: the place itself is asked for."""
        uid = one["metadata"]["uid"]
        there = await self._get(one["metadata"]["name"])
        if there is None or there["metadata"]["uid"] != uid:
            return None
        del self.mirror.gone[uid]
        self.mirror.put(there)
        return there

    async def _tidy(self) -> None:
        """Secrets whose maker died before they had an owner."""
        if self._clock() - self._tidied < TIDY_S:
            return
        self._tidied = self._clock()
        query = {"labelSelector": self.mirror.selector}
        pods = {one["metadata"]["name"]: one["metadata"]["uid"] for one in self.mirror.items.values()}
        for one in (await self.api.ask("GET", "/secrets", query=query)).get("items") or []:
            name = one["metadata"]["name"]
            if one["metadata"].get("ownerReferences"):
                continue
            if name in pods:
                await self._give(name, pods[name])
            elif reasons.age(one, self.api.now()) > TIDY_S:
                with suppress(Said):
                    await self.api.ask(
                        "DELETE", f"/secrets/{name}", body={"preconditions": {"uid": one["metadata"]["uid"]}}
                    )
        await self.packages.tidy()


def _away(bad: Said | Away) -> TryLater | GaveUp:
    """Of everything but a create: nobody's mistake to mend on a run."""
    if isinstance(bad, Said) and bad.status in (403, 404):
        return GaveUp(f"The cluster refuses the reconciler: {bad.message}", reason="cluster_refuses",
                      remedy="Give its account the rights that quarterdeck doctor lists.")  # fmt: skip
    after = bad.after if isinstance(bad, Said) else 0.0
    return TryLater(f"The cluster does not answer: {bad}", after=after or 2.0, reason=AWAY)
