"""The platform's own test runs: fresh place, no model, never an attempt, a small pool of places of their own."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from deckwire.check import CheckOrder, CheckReport, InstallOrder
from deckwire.envelope import Hello
from deckwire.events import Checked
from deckwire.tokens import digest
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import environments, pokes, wishes
from quarterdeck.flow.edge import guarded
from quarterdeck.outside import names
from quarterdeck.outside.cluster.port import END_REMEDIES, PlaceSeen, PlaceSpec, PlaceState
from quarterdeck.record import ledger, tokens
from quarterdeck.record.models import Check, Run
from quarterdeck.record.tokens import Bearer

BY = "rule:checks"
PLACES = 2
"""At once, of checks and of installs each: a slow install holds up no evidence."""
MAX_TRIES = 3
OPEN = ("queued", "running")
DECIDING = ("after", "merged", environments.TREE)
"""The trees whose exit code is the verdict."""


@dataclass(frozen=True)
class CreateCheck:
    spec: PlaceSpec
    check: UUID


def compare(places: Mapping[str, PlaceSeen], known: set[str]) -> list[CreateCheck]:
    """Marks what ended, adds the names of living checks to `known` (the rest is an orphan), and asks for new places."""
    orders: list[CreateCheck] = []
    running: Counter[bool] = Counter()
    for check in Check.objects.filter(state__in=OPEN).order_by("id"):
        look = partial(_one, check, places, known, running)
        orders += guarded(f"check {check.id}", look, partial(_broken, check))
    return orders


def _one(check: Check, places: Mapping[str, PlaceSeen], known: set[str], running: Counter[bool]) -> list[CreateCheck]:
    place = places.get(check.place) if check.place else None
    if check.state == "running":
        running[_installs(check)] += _still_runs(check, place, known)
        # Asked for and never seen: whoever carried that out may have died on the way. Twice is the same place.
        unseen = place is None and not check.place_uid
        return [CreateCheck(_spec(check, _secret(check)), check.id)] if unseen else []
    if running[_installs(check)] >= PLACES:
        return []
    order = _start(check, known)
    running[_installs(check)] += 1
    return [order]


def _broken(check: Check, words: str) -> list[CreateCheck]:
    """Its row is of another version: it says nothing, the others go on."""
    with transaction.atomic():
        if Check.objects.select_for_update().filter(id=check.id, state__in=OPEN).exists():
            tokens.revoke(check)
            _close(check, "broken", words)
    return []


def placed() -> list[str]:
    """Names of the places in which checks run, as far as is known."""
    return list(Check.objects.filter(state="running").exclude(place_uid="").values_list("place", flat=True))


def _still_runs(check: Check, place: PlaceSeen | None, known: set[str]) -> bool:
    if place is not None and place.state != PlaceState.ENDED:
        known.add(place.name)
        return True
    if place is None and not check.place_uid:
        known.add(check.place)
        return True  # asked for and not seen yet
    ended(check.id, "its place ended without a report" if place is None else f"{place.reason}: {place.text}")
    return False


def _start(check: Check, known: set[str]) -> CreateCheck:
    """A check's place is named by its try: a late place of an earlier try is an orphan."""
    check.tries += 1
    check.place = (names.install if _installs(check) else names.check)(check.id, check.tries)
    secret = _secret(check)
    Check.objects.filter(id=check.id, state="queued").update(
        state="running", tries=check.tries, place=check.place, place_uid="", secret_digest=digest(secret), nonce_digest="",
        started_at=Now(),
    )  # fmt: skip
    known.add(check.place)
    return CreateCheck(_spec(check, secret), check.id)


def _secret(check: Check) -> str:
    """Follows from the check and its try, so that a place asked for twice holds the same one."""
    return tokens.one_time_secret(UUID(int=check.id.int ^ check.tries))


def _installs(check: Check) -> bool:
    return check.name == environments.NAME


def _spec(check: Check, secret: str) -> PlaceSpec:
    seconds = check.order["seconds"]
    if _installs(check):
        return PlaceSpec(
            name=check.place, kind="install", run=str(check.run_id), epoch=0, secret=secret, deadline_s=seconds + 300,
            environment=check.place, environment_writable=True, network=True, **wishes.of(check.run),
        )  # fmt: skip
    return PlaceSpec(
        name=check.place, kind="check", run=str(check.run_id), epoch=0, secret=secret, deadline_s=seconds * 5,
        environment=environments.of(check.run_id), **wishes.of(check.run),
    )  # fmt: skip


def created(check_id: UUID, place: PlaceSeen) -> None:
    Check.objects.filter(id=check_id, place=place.name).update(place_uid=place.uid)


def not_created(check_id: UUID, error: Refused | TryLater | GaveUp) -> None:
    if Check.objects.filter(id=check_id).exclude(place_uid="").exists():
        return  # another reconciler has made it meanwhile
    why = f"{error.reason}: {error.text}" if error.reason in END_REMEDIES else error.text
    # Packages that are gone come back with a run, not with a check: it must not ask for ever.
    ended(check_id, why, free=isinstance(error, TryLater) and error.reason != "environment_missing")


def ended(check_id: UUID, why: str, *, free: bool = False) -> None:
    """Without a report: tried again, a few times; then it is broken, which is neither passed nor failed."""
    with transaction.atomic():
        check = Check.objects.select_for_update().get(id=check_id)
        if check.state != "running":
            return
        tokens.revoke(check)
        if free or check.tries < MAX_TRIES:
            Check.objects.filter(id=check_id).update(state="queued", note=why[:400], tries=check.tries - free)
        else:
            _close(check, "broken", why)


def cancel(run: Run, why: str) -> None:
    """Nobody asks any more what the tests say of this run's proposals: their places are orphans from here on, and their
    slots free. An install is left alone: its packages are for the next run too. The caller holds the run."""
    for check in Check.objects.select_for_update().filter(run=run, proposal__isnull=False, state__in=OPEN):
        tokens.revoke(check)
        _close(check, "broken", f"called off: {why}")
        pokes.poke("places")


def _close(check: Check, state: str, note: str) -> None:
    Check.objects.filter(id=check.id).update(state=state, note=note[:400], ended_at=Now())
    said = Checked(name=check.name, state=state, note=note[:400])
    ledger.note(f"run:{check.run_id}", said, by=BY)
    for table in ("places",) if _installs(check) else ("seals", "merges"):
        pokes.poke(table)


def hello(said: Hello) -> CheckOrder | InstallOrder:
    """A check's place swaps its secret for tokens that may read one repository and report once."""
    with transaction.atomic():
        check = Check.objects.select_for_update().filter(secret_digest=digest(said.secret), state="running").first()
        nonce = digest(said.nonce)
        if check is None or check.nonce_digest not in ("", nonce):
            raise Refused("This secret opens nothing.", reason="bad_secret", status=401)
        Check.objects.filter(id=check.id).update(nonce_digest=nonce)
        session = tokens.session_for(check.id, nonce, check.tries)
        tokens.grant(check, session, check.tries)
        kind = InstallOrder if _installs(check) else CheckOrder
        return kind.tolerant({"run": str(check.run_id), "check": str(check.id), "session": session, **check.order})


def report(bearer: Bearer, said: CheckReport) -> None:
    """Once; the same place telling it twice changes nothing. The verdict is read here, outside the place."""
    with transaction.atomic():
        check = Check.objects.select_for_update().get(id=bearer.id)
        if check.state != "running":
            return
        if set(said.trees) != set(check.order["trees"]):
            raise Refused("The report tells of other trees than were ordered.", reason="malformed", status=422)
        Check.objects.filter(id=check.id).update(report=said.model_dump(mode="json"))
        passed = all(tree.exit_code == 0 for name, tree in said.trees.items() if name in DECIDING)
        _close(check, "passed" if passed else "failed", said.note or _last_line(check, said))
        tokens.revoke(check)


def _last_line(check: Check, said: CheckReport) -> str:
    """Of an install: why it failed stands there, most often."""
    lines = said.trees[environments.TREE].output.strip().splitlines() if _installs(check) else []
    return lines[-1] if lines else ""
