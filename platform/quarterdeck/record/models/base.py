"""What every table shares: UUIDv7 keys (they sort by time, so inserts stay at the index's end) and database time."""

import uuid
from enum import StrEnum

from django.db import models
from django.db.models.functions import Now
from uuid6 import uuid7


def new_id() -> uuid.UUID:
    """A UUIDv7. Made here, not by `uuidv7()`, which only PostgreSQL 18 has."""
    return uuid.UUID(str(uuid7()))


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


def one_of(field: str, words: type[StrEnum], name: str) -> models.CheckConstraint:
    """The database refuses a word that the enum does not have."""
    return models.CheckConstraint(name=name, condition=models.Q(**{f"{field}__in": [str(word) for word in words]}))
