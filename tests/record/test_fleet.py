"""What the fleet says of the platform's own parts."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from quarterdeck.record import fleet
from quarterdeck.record.models import Lease

pytestmark = pytest.mark.django_db


def test_who_holds_a_lease_is_a_detail_and_that_nobody_does_is_news() -> None:
    Lease.objects.create(name="reconciler", holder="vm:12", until=Now() + timedelta(seconds=9))
    [part] = [one for one in fleet.fleet([]).sources if one.name == "Reconciler"]
    assert (part.note, part.what.endswith(", on vm:12")) == ("", True)
    Lease.objects.update(holder="")
    [part] = [one for one in fleet.fleet([]).sources if one.name == "Reconciler"]
    assert part.note == "no process does this now"
