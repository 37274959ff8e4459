"""Keys of agents, leases on database time, and the grace after an outage."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now

from deckwire.tokens import derive
from deckwire.words import Audience
from quarterdeck.errors import GaveUp, Refused
from quarterdeck.record import keys, leases, tokens
from quarterdeck.record.models import AgentToken, Attempt, Connection, DoorsOpen, Lease
from testkit.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(attempt: Attempt) -> str:
    made = tokens.session_for(attempt.id, "nonce", 1)
    tokens.grant(attempt, made, 1)
    return made


def test_each_audience_opens_its_own_door_and_no_other(attempt: Attempt, session: str) -> None:
    for audience in tokens.ATTEMPT_AUDIENCES:
        token = derive(session, audience)
        bearer = tokens.find(token, audience)
        assert bearer is not None
        assert (bearer.run, bearer.epoch) == (attempt.run_id, attempt.epoch)
        assert all(tokens.find(token, other) is None for other in Audience if other != audience)


def test_the_session_itself_opens_nothing(session: str) -> None:
    assert tokens.find(session, Audience.SESSION) is None


def test_only_digests_are_stored(session: str) -> None:
    stored = set(AgentToken.objects.values_list("digest", flat=True))
    assert stored
    assert not any(derive(session, audience) in stored for audience in Audience)


def test_a_revoked_token_is_told_that_it_was_fenced(attempt: Attempt, session: str) -> None:
    tokens.revoke(attempt)
    with pytest.raises(Refused) as no:
        tokens.find(derive(session, Audience.STEP), Audience.STEP)
    assert (no.value.reason, no.value.status) == ("fenced", 409)


def test_a_token_past_its_time_opens_nothing(session: str) -> None:
    AgentToken.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert tokens.find(derive(session, Audience.STEP), Audience.STEP) is None


def test_after_rotation_the_old_session_stays_good_for_a_minute_only(attempt: Attempt, session: str) -> None:
    Attempt.objects.filter(id=attempt.id).update(generation=1, nonce_digest="nonce")
    attempt.refresh_from_db()
    fresh = tokens.rotate(attempt)
    assert tokens.find(derive(session, Audience.GIT), Audience.GIT) is not None
    assert tokens.find(derive(fresh, Audience.GIT), Audience.GIT) is not None
    old = AgentToken.objects.filter(generation=1)
    assert not old.filter(expires_at__gt=Now() + timedelta(seconds=61)).exists()


def test_a_session_outlives_a_quarter_of_an_hour_without_the_platform(session: str) -> None:
    """Renewal is due after 15 minutes; 45 of its 60 are left then."""
    AgentToken.objects.update(expires_at=F("expires_at") - tokens.RENEW_AFTER - timedelta(minutes=15))
    assert tokens.find(derive(session, Audience.SESSION), Audience.SESSION) is not None


def test_a_lease_is_kept_by_its_holder_and_taken_by_another_only_when_it_is_over() -> None:
    assert leases.take("reconciler", "one", 10)
    assert leases.take("reconciler", "one", 10)
    assert not leases.take("reconciler", "two", 10)
    Lease.objects.update(until=Now() - timedelta(seconds=1))
    assert leases.take("reconciler", "two", 10)
    assert not leases.take("reconciler", "one", 10)
    leases.drop("reconciler", "two")
    assert leases.take("reconciler", "one", 10)


@pytest.mark.parametrize("end", [None, ZeroDivisionError()])
def test_a_lease_is_renewed_while_the_work_lasts_and_however_it_ends_no_longer(end: Exception | None) -> None:
    renewed: list[int] = []
    with suppress(ZeroDivisionError), leases.renewing(0.001, lambda: renewed.append(1)):
        until(lambda: len(renewed) > 2, 10, every=0.001, what="the lease to be renewed")
        if end:
            raise end
    assert not [one for one in threading.enumerate() if one.name == "lease"]


def test_a_record_that_is_away_for_a_moment_does_not_end_the_renewing() -> None:
    asked: list[int] = []

    def renew() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise OperationalError("the server closed the connection")

    with leases.renewing(0.001, renew):
        until(lambda: len(asked) > 1, 10, every=0.001, what="the next renewal")


def test_doors_that_were_shut_count_from_when_they_opened_again() -> None:
    leases.doors_are_open()
    DoorsOpen.objects.update(since=Now() - timedelta(hours=1))
    assert leases.open_for(30)
    DoorsOpen.objects.update(seen=Now() - timedelta(minutes=15))
    assert not leases.open_for(30), "nobody holds the doors open now"
    leases.doors_are_open()
    assert not leases.open_for(30), "they have been open for a moment only"


def test_a_secret_is_sealed_under_the_newest_key_and_a_missing_key_says_what_to_do(
    settings: object, tmp_path: object
) -> None:
    settings.KEYS_DIR = tmp_path  # type: ignore[attr-defined]
    cipher, key_id = keys.seal("sk-planted-canary")
    assert b"canary" not in cipher
    assert keys.open_secret(cipher, key_id) == "sk-planted-canary"
    Connection.objects.create(kind="model", name="m", protocol="openai", secret=cipher, key_id=key_id)
    assert keys.missing() == []
    (tmp_path / f"{key_id}.key").unlink()  # type: ignore[operator]
    assert keys.missing() == [key_id]
    with pytest.raises(GaveUp) as no:
        keys.open_secret(cipher, key_id)
    assert key_id in no.value.remedy
