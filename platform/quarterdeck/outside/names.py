"""Names of places and branches: always valid, never equal by accident. Pure."""

import re
from uuid import UUID


def attempt(run: UUID, epoch: int) -> str:
    """`run-<32 hex>-<epoch>`: creating it twice is "already exists". 63 characters at the most, as Kubernetes asks."""
    return f"run-{run.hex}-{epoch}"


def install(check_id: UUID, tries: int) -> str:
    return f"install-{check_id.hex}-{tries}"


def check(check_id: UUID, tries: int) -> str:
    return f"check-{check_id.hex}-{tries}"


def environment(project: UUID, digest: str) -> str:
    """The lasting name of a folder of packages: `<32 hex>-<24 hex>`. `digest` is over all that it is made from."""
    return f"{project.hex}-{digest[:24]}"


def is_ours(environment: str) -> bool:
    """Whether we named this folder: others may lie beside ours, and are nobody's to remove."""
    return bool(re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{24}|install-[0-9a-f]{32}-[0-9]+", environment))
