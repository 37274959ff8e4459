"""Secrets at rest. `<data>/keys/<id>.key`, mode 0600, outside every backup that holds the database.

The newest key encrypts, all decrypt; rows carry the key's id. Start is refused when a row's key is missing.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from quarterdeck.errors import GaveUp
from quarterdeck.record.models import Connection, Repository, SignIn
from quarterdeck.record.models.base import new_id


def seal(secret: str) -> tuple[bytes, str]:
    """(cipher text, key id) under the newest key; makes the first key where there is none."""
    path = _newest() or _make()
    return Fernet(path.read_bytes()).encrypt(secret.encode()), path.stem


def open_secret(cipher: bytes, key_id: str) -> str:
    """The clear text. Raises GaveUp(key_missing) with what to restore."""
    if not cipher:
        return ""
    path = settings.KEYS_DIR / f"{key_id}.key"
    try:
        return Fernet(path.read_bytes()).decrypt(bytes(cipher)).decode()
    except (FileNotFoundError, InvalidToken) as bad:
        raise GaveUp(f"The key {key_id} that a stored secret needs is missing or not the right one.", reason="key_missing",
                     remedy=f"Restore {key_id}.key into the keys folder, or enter the secret again.") from bad  # fmt: skip


def missing() -> list[str]:
    """Key ids that rows name and the folder does not hold."""
    used = {
        key_id for kind in (Connection, Repository, SignIn) for key_id in kind.objects.values_list("key_id", flat=True)
    }
    return [key_id for key_id in sorted(used - {""}) if not (settings.KEYS_DIR / f"{key_id}.key").exists()]


def _newest() -> Path | None:
    found = sorted(settings.KEYS_DIR.glob("k-*.key"))
    return found[-1] if found else None


def _make() -> Path:
    settings.KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    path: Path = settings.KEYS_DIR / f"k-{new_id().hex}.key"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(Fernet.generate_key())
    return path
