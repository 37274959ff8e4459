"""Runs git for the runner with nothing of the checkout's say: no hooks, no fsmonitor, no configuration but ours."""

import asyncio
import os
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from deckhand.exits import Fenced, Misconfigured, Stopped
from deckhand.uplink import backoff

CONFIG = """\
[core]
	hooksPath = /dev/null
	fsmonitor = false
	autocrlf = false
	untrackedCache = false
	protectHFS = true
	protectNTFS = true
[gc]
	auto = 0
[maintenance]
	auto = false
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
[diff]
	ignoreSubmodules = all
[protocol]
	version = 2
[protocol "ext"]
	allow = never
[user]
	name = deckhand
	email = deckhand@quarterdeck.invalid
[advice]
	detachedHead = false
"""
WEATHER = re.compile(
    r"error: (429|5\d\d)|onnection (refused|reset|timed out)|Empty reply|hung up|Could not resolve|timed out|early EOF|"
    r"Failed to connect|Recv failure|transfer closed|unexpected disconnect",
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace").strip()


class GitFailed(Exception):
    """git ended with a code that is not 0; the text is the end of what it wrote to stderr."""


class Git:
    """One repository: `git_dir` lies outside `tree`, so nothing that runs in the checkout can reach it."""

    def __init__(
        self,
        git_dir: Path,
        tree: Path,
        token: Callable[[], str],
        path: str,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.git_dir, self.tree = git_dir, tree
        self._token, self._path, self._wait = token, path, wait
        self._config = git_dir.parent / "gitconfig"

    def write_config(self, *, remote: bool = False) -> None:
        """The token goes into a file of our own, 0600: never into argv or the environment, which others can read. Only for
        as long as git talks to the service: in a pod tools have the runner's uid, and none of them runs meanwhile."""
        text = CONFIG
        if remote and (token := self._token()):
            text += f'[http]\n\textraHeader = "Authorization: Bearer {token}"\n\tfollowRedirects = false\n'
        fresh = self._config.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        fresh.replace(self._config)

    async def run(self, *args: str, stdin: bytes = b"", check: bool = True, env: dict[str, str] | None = None) -> Ran:
        process = await asyncio.create_subprocess_exec(
            "git", *args, cwd=self.tree, env={**self._environment(), **(env or {})},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await process.communicate(stdin)
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        ran = Ran(process.returncode or 0, out, err.decode("utf-8", "replace")[-2000:])
        if check and ran.code:
            raise GitFailed(f"git {args[0]}: {ran.err.strip() or ran.code}")
        return ran

    async def remote(self, *args: str) -> Ran:
        """A command that talks to the git service. Raises Fenced or Stopped; waits out bad weather for ever."""
        tries = 0
        while True:
            tries += 1
            ran = await self._with_token(*args)
            if ran.code == 0:
                return ran
            _end_if_told(ran.err)
            if not WEATHER.search(ran.err):
                return ran
            await self._wait(backoff(tries, random.random()))

    async def _with_token(self, *args: str) -> Ran:
        self.write_config(remote=True)
        try:
            return await self.run(*args, check=False)
        finally:
            self.write_config()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": self._path,
            "HOME": str(self.git_dir.parent),
            "LANG": "C.UTF-8",
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_CONFIG_GLOBAL": str(self._config),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
        }


def _end_if_told(err: str) -> None:
    if re.search(r"error: (401|409)|Authentication failed|could not read Username", err):
        raise Fenced("the git service refuses this attempt")
    if "error: 410" in err:
        raise Stopped("the git service says that the run was stopped")
    if "error: 403" in err or "error: 404" in err or "does not appear to be a git repository" in err:
        raise Misconfigured(f"the run's repository cannot be reached: {err.strip()[-300:]}")
