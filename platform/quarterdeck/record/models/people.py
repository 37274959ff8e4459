"""Who may do what: a site owner; per project viewer, supervisor, admin."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now

from quarterdeck.record.models.base import Row, new_id


class Role(models.TextChoices):
    VIEWER = "viewer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Person(AbstractUser):
    """A person who signs in. `is_superuser` is the site owner."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name or self.username


class Member(Row):
    project = models.ForeignKey("record.Project", models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "person"], name="member_once"),
            models.CheckConstraint(name="member_role", condition=models.Q(role__in=Role.values)),
        ]


class ApiToken(Row):
    """For the CLI and scripts. Only the SHA-256 is stored; the token is shown once."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class LoginLink(Row):
    """A one-time way in: the owner's first, and an invitation's. Hashed at rest, used once."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="login_links")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Audit(Row):
    """Who did what, failed tries too. Plain rows: a sealer chains them after commit, for a chain in here is one global lock."""

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=120)
    verb = models.CharField(max_length=60)
    project = models.UUIDField(null=True)
    object = models.CharField(max_length=120)
    body = models.JSONField(default=dict)
    chain = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-at"], name="audit_by_project")]
