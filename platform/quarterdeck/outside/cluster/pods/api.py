"""The official client, asked for raw objects: one namespace, plain dicts in and out, three ways to fail.

Nothing here retries: whoever asks knows whether asking twice is safe.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException

from quarterdeck.errors import GaveUp

Json = dict[str, Any]
SECONDS = 20.0
CONNECT_S = 5.0


class Said(Exception):
    """The API server answered with a failure; `body` is its Status object."""

    def __init__(self, status: int, body: Json, after: float = 0.0) -> None:
        super().__init__(f"{status} {body.get('reason', '')}: {body.get('message', '')}")
        self.status, self.body, self.after = status, body, after

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", ""))

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Away(Exception):
    """No answer. Whether the request was carried out is not known."""


class Api:
    """`kubeconfig` None: the service account of the pod we run in. `clock` counts seconds. Made for one event loop; `close`
    ends it."""

    def __init__(self, kubeconfig: Path | None, namespace: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.kubeconfig, self.namespace, self._clock = kubeconfig, namespace, clock
        self._told: tuple[datetime, float] | None = None
        self._client: ApiClient | None = None
        self._opening = asyncio.Lock()

    def now(self) -> datetime:
        """By the cluster's own clock, as its last answer told it: ages and ends of its objects are on it, and ours may be wrong."""
        if self._told is None:
            return datetime.now(UTC)
        told, then = self._told
        return told + timedelta(seconds=self._clock() - then)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Json | None = None,
        patch: bool = False,
    ) -> Json:
        """`path` is below the namespace, or whole: /version, /apis/…. Raises Said, Away, GaveUp(kubeconfig)."""
        timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_S)
        answer = await self._send(method, path, query, body, timeout, patch=patch)
        try:
            return _object(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as cut:
            raise Away(str(cut) or type(cut).__name__) from cut

    async def stream(self, path: str, query: dict[str, Any], silence_s: float) -> AsyncIterator[Json]:
        """The events of a watch, until the server ends it. Raises Said, Away (also after `silence_s` without a byte)."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=silence_s)
        answer = await self._send("GET", path, {**query, "watch": "true"}, None, timeout)
        try:
            async for line in answer.content:
                if line.strip():
                    yield _object(line)
        except (aiohttp.ClientError, TimeoutError, OSError) as cut:
            raise Away(str(cut) or type(cut).__name__) from cut
        finally:
            answer.close()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(
        self, method: str, path: str, query: dict[str, Any] | None, body: Json | None, patience: aiohttp.ClientTimeout,
        *, patch: bool = False,
    ) -> aiohttp.ClientResponse:  # fmt: skip
        client = await self._ready()
        headers = {"Accept": "application/json", "User-Agent": "quarterdeck"}
        headers["Content-Type"] = "application/merge-patch+json" if patch else "application/json"
        words = await client.param_serialize(
            method, self._whole(path), query_params=list((query or {}).items()),
            header_params=headers, body=body, auth_settings=["BearerToken"],
        )  # fmt: skip
        try:
            answer = (await client.call_api(*words, _request_timeout=patience)).response
            self._note_time(answer.headers.get("Date", ""))
            if answer.status < 400:
                return answer
            said = _words(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as cut:
            raise Away(str(cut) or type(cut).__name__) from cut
        if answer.status == 401:
            await self.close()  # the next one reads the credentials anew
        raise Said(answer.status, said, _seconds(answer.headers.get("Retry-After", "")))

    def _note_time(self, text: str) -> None:
        with suppress(ValueError):
            told = parsedate_to_datetime(text)
            self._told = (told if told.tzinfo else told.replace(tzinfo=UTC)), self._clock()

    def _whole(self, path: str) -> str:
        return path if path.startswith(("/version", "/apis/")) else f"/api/v1/namespaces/{self.namespace}{path}"

    async def _ready(self) -> ApiClient:
        async with self._opening:
            if self._client is None:
                self._client = ApiClient(await self._configuration())
            return self._client

    async def _configuration(self) -> Configuration:
        found = Configuration()
        # A proxy to a cluster stands in its kubeconfig (proxy-url); the environment's is for the way out.
        found.client_session_kwargs = {"trust_env": False}
        try:
            if self.kubeconfig is None:
                config.load_incluster_config(client_configuration=found)
            else:
                await config.load_kube_config(str(self.kubeconfig), client_configuration=found, persist_config=False)
        except (ConfigException, OSError) as bad:
            remedy = "Set QUARTERDECK_KUBECONFIG to a file that kubectl can use."
            raise GaveUp(f"The way to the cluster cannot be read: {bad}", reason="kubeconfig", remedy=remedy) from bad
        return found


def _object(data: bytes) -> Json:
    """Raises Away for half an answer, or one that somebody else gave in the API server's place."""
    try:
        found = json.loads(data) if data else {}
    except ValueError as half:
        raise Away(f"something else answered: {_text(data)}") from half
    if not isinstance(found, dict):
        raise Away(f"something else answered: {_text(data)}")
    return found


def _words(data: bytes) -> Json:
    """Of a refusal. A proxy in front may refuse in words of its own."""
    try:
        return _object(data)
    except Away:
        return {"message": _text(data)}


def _text(data: bytes) -> str:
    return data[:300].decode(errors="replace")


def _seconds(text: str) -> float:
    return min(60.0, float(text)) if text.isdigit() else 0.0
