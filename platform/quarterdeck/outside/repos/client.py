"""port.Repos asked over the git service's internal door: JSON over a Unix socket that only the platform can open, or over
TCP with a key where the service runs apart."""

from pathlib import Path
from typing import Any

import httpx

from quarterdeck.errors import TryLater
from quarterdeck.outside.repos import wire
from quarterdeck.outside.repos.outward import Access
from quarterdeck.outside.repos.port import CommitLine, Diff, Preview

_SLOW = {"mirror": 620.0, "tip": 620.0, "publish": 900.0, "holds": 900.0}
_LONGEST = 200.0


class RemoteRepos:
    """`where` is the path of git-internal.sock, or an http:// address with its key. May be shared by threads. Raises what
    port.Repos raises."""

    def __init__(self, where: str | Path, *, key: str = "", transport: httpx.BaseTransport | None = None) -> None:
        far = str(where).startswith(("http://", "https://"))
        self._http = httpx.Client(
            base_url=str(where) if far else "http://git",
            headers={"authorization": f"Bearer {key}"} if far else {},
            transport=transport or httpx.HTTPTransport(uds=None if far else str(where)),
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def mirror(self, repository: str, url: str, *, access: Access | None = None) -> dict[str, str]:
        return self._ask("mirror", repository=repository, url=url, access=access)

    def tip(self, run: str, url: str, branch: str, *, access: Access | None = None) -> str:
        return self._ask("tip", run=run, url=url, branch=branch, access=access)

    def open_run(self, run: str, repository: str, base: str) -> None:
        self._ask("open_run", run=run, repository=repository, base=base)

    def close_run(self, run: str) -> None:
        self._ask("close_run", run=run)

    def head(self, run: str) -> str:
        return self._ask("head", run=run)

    def has_commit(self, run: str, sha: str) -> bool:
        return self._ask("has_commit", run=run, sha=sha)

    def pin(self, run: str, n: int, sha: str) -> None:
        self._ask("pin", run=run, n=n, sha=sha)

    def freeze(self, run: str, sha: str) -> None:
        self._ask("freeze", run=run, sha=sha)

    def thaw(self, run: str) -> None:
        self._ask("thaw", run=run)

    def adopt(self, run: str, sha: str) -> None:
        self._ask("adopt", run=run, sha=sha)

    def diff(self, run: str, base: str, head: str) -> Diff:
        return wire.as_diff(self._ask("diff", run=run, base=base, head=head))

    def log(self, run: str, base: str, head: str) -> list[CommitLine]:
        return wire.as_log(self._ask("log", run=run, base=base, head=head))

    def blob(self, run: str, sha: str, path: str) -> bytes:
        return wire.as_bytes(self._ask("blob", run=run, sha=sha, path=path))

    def manifests(self, run: str, sha: str) -> str:
        return self._ask("manifests", run=run, sha=sha)

    def preview(self, run: str, base: str, head: str) -> Preview:
        return wire.as_preview(self._ask("preview", run=run, base=base, head=head))

    def merge_commit(self, run: str, base: str, head: str, *, message: str, author: str, at: int) -> str:
        return self._ask("merge_commit", run=run, base=base, head=head, message=message, author=author, at=at)

    def publish(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        return self._ask("publish", run=run, url=url, branch=branch, old=old, new=new, access=access)

    def holds(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        return self._ask("holds", run=run, url=url, branch=branch, old=old, new=new, access=access)

    def _ask(self, method: str, **arguments: Any) -> Any:
        timeout = httpx.Timeout(5.0, read=_SLOW.get(method, _LONGEST))
        try:
            answer = self._http.post(f"/internal/{method}", json=arguments, timeout=timeout)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as away:
            raise TryLater("The git service does not answer.", after=2.0, reason="git_service_away") from away
        if answer.status_code != 200:
            wire.raise_again(answer.status_code, body)
        return body["value"]
