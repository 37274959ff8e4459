"""A project's folder of installed packages, bound read-only into its places. Empty where nothing was installed."""

from uuid import UUID

from django.conf import settings


def of(project: UUID) -> str:
    """The folder's name below <data>/environments, or "" for none."""
    return str(project) if (settings.DATA_DIR / "environments" / str(project)).is_dir() else ""
