"""Names of places and branches: always valid, never equal by accident. Pure."""

from uuid import UUID


def attempt(run: UUID, epoch: int) -> str:
    """`run-<32 hex>-<epoch>`: creating it twice is "already exists". 63 characters at the most, as Kubernetes asks."""
    return f"run-{run.hex}-{epoch}"


def check(check_id: UUID, tries: int) -> str:
    return f"check-{check_id.hex}-{tries}"
