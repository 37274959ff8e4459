"""Compare what should be (rows) with what is (places), and say what to do. Level-triggered: a missed hint costs a second.

`compare` writes what it learned and returns orders; the command `reconcile` carries them out and comes back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from deckwire import crash
from deckwire.words import LIVE_ATTEMPT, AttemptState, Blame
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import checks, environments, launch, losses, priorities, starting, wishes
from quarterdeck.flow.edge import guarded
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState
from quarterdeck.record import leases, tokens, wakes
from quarterdeck.record.models import Attempt, Run

START_GRACE = timedelta(seconds=90)
LEAVE_GRACE = timedelta(seconds=20)
NODE_LENGTH = 120
MANY = 10
PATIENCE = 4
"""So many leases long MANY that fell silent together are waited for."""


@dataclass(frozen=True)
class Create:
    spec: PlaceSpec
    attempt: Attempt


@dataclass(frozen=True)
class Delete:
    name: str
    uid: str
    grace_s: float


Order = Create | Delete | checks.CreateCheck | environments.Keep | environments.Drop


def absent(seen: Sequence[PlaceSeen]) -> list[str]:
    """Places that were there and are not among these: a list may be old, so each is asked for before it is believed."""
    names = {place.name for place in seen}
    live = Attempt.objects.filter(gone=False, state__in=LIVE_ATTEMPT).exclude(place_uid="")
    return sorted({*live.values_list("place", flat=True), *checks.placed()} - names)


def compare(seen: Sequence[PlaceSeen], there: Collection[str] = ()) -> list[Order]:
    """One pass over all attempts that are not known to be gone, over all places and environments that are there."""
    places = {place.name: place for place in seen}
    orders: list[Order] = []
    known, wanting = set[str](), list[Attempt]()
    for attempt in Attempt.objects.filter(gone=False).select_related("run__project").order_by("id"):
        known.add(attempt.place)
        if _wants(attempt, places):
            wanting.append(attempt)
        else:
            orders += guarded(f"attempt {attempt.id}", partial(_one, attempt, places), partial(_broken, attempt))
    for attempt in starting.next_of(wanting, seen):
        orders += guarded(f"attempt {attempt.id}", partial(_create, attempt), partial(_broken, attempt))
    orders += checks.compare(places, known)
    orders += [Delete(place.name, place.uid, 0) for place in seen if place.name not in known]
    orders += environments.compare(there, places)
    _find_silent()
    losses.strays()
    return orders


def _wants(attempt: Attempt, places: Mapping[str, PlaceSeen]) -> bool:
    return attempt.live and not attempt.place_uid and attempt.place not in places


def _create(attempt: Attempt) -> list[Order]:
    return [Create(spec_for(attempt), attempt)]


def _one(attempt: Attempt, places: Mapping[str, PlaceSeen]) -> list[Order]:
    return _live(attempt, places) if attempt.live else _over(attempt, places)


def _broken(attempt: Attempt, words: str) -> list[Order]:
    """What a place says may be an agent's own words, and a row may be of another version: it ends, the others go on."""
    losses.lost(attempt.id, reason="broken", text=words, blame=Blame.INFRASTRUCTURE)
    return []


def _live(attempt: Attempt, places: Mapping[str, PlaceSeen]) -> list[Order]:
    place = places.get(attempt.place)
    if place is None:
        losses.lost(attempt.id, reason="gone", text="The attempt's place disappeared.", blame=Blame.INFRASTRUCTURE)
        return []
    _saw(attempt, place)
    if place.state == PlaceState.PENDING:
        _hangs(attempt, place)
    if place.state == PlaceState.ENDED:
        _ended(attempt, place)
    elif _stays(attempt):
        losses.overstayed(attempt.id)
    return []


def _stays(attempt: Attempt) -> bool:
    """It holds a place and its tokens although its run is sealed, or at its end, for longer than a good-bye takes."""
    if attempt.run.phase in losses.WORKS:
        return False
    return Run.objects.filter(id=attempt.run_id, phase_since__lt=Now() - LEAVE_GRACE).exists()


def _saw(attempt: Attempt, place: PlaceSeen) -> None:
    if attempt.place_uid == place.uid and attempt.state != AttemptState.CREATED:
        return
    placed = Attempt.objects.filter(id=attempt.id, state=AttemptState.CREATED)
    placed.update(state=AttemptState.PENDING, doing="", sign_at=Now())
    Attempt.objects.filter(id=attempt.id).update(place_uid=place.uid, node=place.node[:NODE_LENGTH])
    wakes.tell("card", run=str(attempt.run_id))


def _hangs(attempt: Attempt, place: PlaceSeen) -> None:
    """Its place cannot start yet, and the cluster says why: it is shown, and it is no silence of the agent's. How long that
    may go on is the backend's to say: it calls it ended then."""
    if not place.waiting_for:
        return
    doing = f"waiting for {place.waiting_for}"[:300]
    Attempt.objects.filter(id=attempt.id, state=AttemptState.PENDING).update(sign_at=Now(), doing=doing)
    if doing != attempt.doing:
        wakes.tell("card", run=str(attempt.run_id))


def _ended(attempt: Attempt, place: PlaceSeen) -> None:
    """The terminal state is stored before anything is deleted."""
    Attempt.objects.filter(id=attempt.id).update(exit_code=place.exit_code, gone=False)
    clean = place.reason == "done"
    losses.lost(
        attempt.id, reason="left_early" if clean else place.reason,
        text="The agent left without saying good-bye." if clean else place.text,
        blame=Blame.AGENT if clean else place.blame, state=AttemptState.FAILED if not clean else AttemptState.LOST,
    )  # fmt: skip
    crash.point("end.stored")


def _over(attempt: Attempt, places: Mapping[str, PlaceSeen]) -> list[Order]:
    place = places.get(attempt.place)
    if place is None:
        Attempt.objects.filter(id=attempt.id).update(gone=True, unwanted=False)
        return []
    if place.state == PlaceState.ENDED or attempt.unwanted or _overstayed(attempt):
        return [Delete(place.name, place.uid, 0 if place.state == PlaceState.ENDED else 5.0)]
    return []


def _overstayed(attempt: Attempt) -> bool:
    return Attempt.objects.filter(id=attempt.id, ended_at__lt=Now() - LEAVE_GRACE).exists()


def _find_silent() -> None:
    """Lost is who was silent for a whole lease while the doors were open all that time. A platform that was away fences nobody."""
    lease = timedelta(seconds=settings.LEASE_SECONDS)
    if not leases.open_for(settings.LEASE_SECONDS):
        return
    running = Q(state=AttemptState.RUNNING, sign_at__lt=Now() - lease * (PATIENCE if _overwhelmed(lease) else 1))
    starting = Q(state=AttemptState.PENDING, sign_at__lt=Now() - max(lease, START_GRACE))
    for attempt in Attempt.objects.filter(running | starting):
        losses.lost(attempt.id, reason="silent", text=f"No sign of life for {settings.LEASE_SECONDS:.0f} s.",
                    blame=Blame.INFRASTRUCTURE)  # fmt: skip


def _overwhelmed(lease: timedelta) -> bool:
    """Most of many agents do not die at the same moment: they, the network or we are short of breath, and to start them all
    anew would take what is left of it."""
    running = Attempt.objects.filter(state=AttemptState.RUNNING)
    silent = running.filter(sign_at__lt=Now() - lease).count()
    return silent >= MANY and 2 * silent > running.count()


def spec_for(attempt: Attempt) -> PlaceSpec:
    """What the place needs. Pure but for the secret's derivation."""
    run = attempt.run
    limits = run.config.get("limits", {})
    return PlaceSpec(
        name=attempt.place, kind="attempt", run=str(run.id), epoch=attempt.epoch, secret=tokens.one_time_secret(attempt.id),
        deadline_s=int(limits.get("seconds", 3600)) + 600, environment=environments.of(run.id), **wishes.of(run),
    )  # fmt: skip


def created(attempt: Attempt, place: PlaceSeen) -> None:
    _saw(attempt, place)


def not_created(attempt: Attempt, error: Refused | TryLater | GaveUp) -> None:
    """No room, or not now: back to the queue, not failed. What cannot work until somebody mends it: a person. Nothing, when
    another reconciler has made the place meanwhile: who was slow must not end what works."""
    if Attempt.objects.filter(id=attempt.id).exclude(place_uid="").exists():
        return
    if isinstance(error, TryLater) and error.reason == "cluster_away":
        # It may be there or not: the same name is asked for again, and an adopted place is one place.
        Attempt.objects.filter(id=attempt.id).update(doing=error.text[:300], sign_at=Now())
    elif isinstance(error, TryLater):
        losses.lost(attempt.id, reason="no_room", text=error.text, blame=Blame.INFRASTRUCTURE)
    else:
        losses.lost(attempt.id, reason=error.reason, text=error.text, blame=Blame.CONFIGURATION, remedy=error.remedy)


def admit_all(there: Collection[str] = ()) -> int:
    """Reconcile first, then admit: who is in turn gets its repository, and then, where there still is room, its attempt.

    What is not ready yet holds up nobody behind it. Nobody is prepared beyond the places that are free: asking the git
    service about each of hundreds that wait would only make this pass late.
    """
    line, free = launch.in_turn()
    ready = set[UUID]()
    for run in line:
        if len(ready) == free:
            break
        if launch.prepare(run, there):
            ready.add(run.id)
    admitted = len(launch.give_all(ready)) if ready else 0
    if admitted:
        priorities.tell_waiting()
    return admitted
