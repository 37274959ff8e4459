"""Installed packages on a volume that all places share: a folder for each install, and a note that gives it its name.

A reconciler cannot rename a folder on a volume, so names are small objects: `environment-<name>` says in which folder the
packages lie. Creating one is the step that either happens or does not. A folder without a note is removed by a short pod.
Without a volume (`claim` "") a project with an install command is refused in words.
"""

import base64
import hashlib
import re
from contextlib import suppress

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster.pods import manifest
from quarterdeck.outside.cluster.pods.api import Api, Json, Said
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSpec

NOTE, PREFIX = "quarterdeck/environment", "environment-"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Packages:
    def __init__(self, api: Api, ground: Ground) -> None:
        self.api, self.ground = api, ground

    async def names(self) -> frozenset[str]:
        return frozenset(await self._notes()) if self.ground.claim else frozenset()

    async def prepare(self, spec: PlaceSpec) -> str:
        """The folder that the place mounts, "" for none. Raises Refused(no_volume, bad_name), TryLater(environment_missing)."""
        if not spec.environment:
            return ""
        if not self.ground.claim:
            raise Refused("This installation has no volume for installed packages.", reason="no_volume",
                          remedy="Name a PersistentVolumeClaim in QUARTERDECK_ENVIRONMENTS_CLAIM, or build them into the "
                                 "project's image and take out the install command.")  # fmt: skip
        if not NAME.fullmatch(spec.environment):
            raise Refused(f"{spec.environment!r} cannot name an environment.", reason="bad_name")
        if spec.environment_writable:
            await self._note(spec.environment, spec.environment)
            return spec.environment
        folder = (await self._notes()).get(spec.environment)
        if folder is None:
            raise TryLater("The project's packages are not there any more.", after=1.0, reason="environment_missing")
        return folder

    async def keep(self, filled: str, name: str) -> None:
        """Twice, or after somebody else kept another of that name, changes nothing."""
        notes = await self._notes()
        if filled in notes:
            await self._note(name, notes[filled])
            await self._forget(filled)
            if (await self._notes()).get(name) != notes[filled]:
                await self._sweep(notes[filled])

    async def drop(self, name: str) -> None:
        notes = await self._notes()
        folder = notes.pop(name, None)
        if folder is None:
            return
        await self._forget(name)
        if folder not in notes.values():
            await self._sweep(folder)

    async def tidy(self) -> None:
        """Sweepers that have done their work."""
        if not self.ground.claim:
            return
        query = {"labelSelector": f"{manifest.SITE}={self.ground.site},{manifest.KIND}=sweep"}
        for one in (await self.api.ask("GET", "/pods", query=query)).get("items") or []:
            if one.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                with suppress(Said):
                    await self.api.ask("DELETE", f"/pods/{one['metadata']['name']}")

    async def _notes(self) -> dict[str, str]:
        """Name → folder. A note that names no folder of ours is none: what it says is mounted, and swept away."""
        query = {"labelSelector": f"{manifest.SITE}={self.ground.site},{NOTE}"}
        found = (await self.api.ask("GET", "/secrets", query=query)).get("items") or []
        notes = {one["metadata"]["name"].removeprefix(PREFIX): _folder(one) for one in found}
        return {name: folder for name, folder in notes.items() if NAME.fullmatch(folder)}

    async def _note(self, name: str, folder: str) -> None:
        body: Json = {
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": PREFIX + name, "labels": {manifest.SITE: self.ground.site, NOTE: "true", **manifest.PART_OF}},
            "data": {"folder": base64.b64encode(folder.encode()).decode()},
        }  # fmt: skip
        try:
            await self.api.ask("POST", "/secrets", body=body)
        except Said as taken:
            if taken.status != 409:
                raise

    async def _forget(self, name: str) -> None:
        try:
            await self.api.ask("DELETE", f"/secrets/{PREFIX}{name}")
        except Said as gone:
            if gone.status != 404:
                raise

    async def _sweep(self, folder: str) -> None:
        """A pod of seconds; one that could not be made leaves a folder that costs room and nothing else."""
        name = f"sweep-{hashlib.sha256(folder.encode()).hexdigest()[:24]}"
        with suppress(Said):
            await self.api.ask("POST", "/pods", body=manifest.sweeper(self.ground, name, folder))


def _folder(note: Json) -> str:
    with suppress(ValueError):
        return base64.b64decode((note.get("data") or {}).get("folder", "")).decode()
    return ""
