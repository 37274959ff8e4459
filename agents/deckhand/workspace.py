"""The checkout and its commits. The first act of a step: what changed is committed and pushed before the state says so."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

from deckhand.exits import Misconfigured
from deckhand.git import Git, GitFailed
from deckhand.subject import changes, subject
from deckwire import crash
from deckwire.base import Message
from deckwire.events import Committed, Noted

CAP_BYTES = 5 * 1024 * 1024
JUNK = [
    "__pycache__/",
    "*.pyc",
    ".pytest_cache/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".tox/",
    ".venv/",
    "node_modules/",
    ".coverage",
    ".DS_Store",
]


class Workspace:
    """`dirty` is set by whoever may have changed files; a step without it costs no git at all. `first`: nobody was here
    before, so the run's ref is not there yet and need not be asked for."""

    def __init__(
        self,
        git: Git,
        url: str,
        ref: str,
        report: str = "",
        say: Callable[[Message], None] = lambda _: None,
        *,
        first: bool = False,
    ) -> None:
        self.git, self.url, self.ref, self._say = git, url, ref, say
        self._told: set[str] = set()
        self._first = first
        self.tree = git.tree
        self.head = ""
        self.dirty = False
        self.second_parent = ""
        self.skipped: list[str] = []
        self._remote = ""
        self._junk = [*JUNK, *([f"/{report}"] if report else [])]

    async def prepare(self, commit: str) -> None:
        """Clones, or fetches, and puts the tree at `commit`. Raises Misconfigured when that cannot be done."""
        self.git.git_dir.mkdir(parents=True, exist_ok=True)
        self.tree.mkdir(parents=True, exist_ok=True)
        # A fresh place, as most are: a process of git that has nothing to find or to remove there is spared.
        nothing, bare = not any(self.git.git_dir.iterdir()), not any(self.tree.iterdir())
        self.git.write_config()
        try:
            await self.git.run("init", "--quiet")
            self._exclude()
            await self._fetch(commit, nothing)
            await self.git.run("reset", "--quiet", "--hard", commit)
            if not bare:
                await self.git.run("clean", "-ffdq")
        except GitFailed as bad:
            raise Misconfigured(f"cannot check out {commit[:12]}: {bad}") from bad
        self.head, self.dirty = commit, False

    async def _fetch(self, commit: str, nothing: bool) -> None:
        # After a death between push and step the branch is ahead of the state: the next push replaces exactly that.
        self._remote = "" if self._first else await self._listed()
        for wanted in dict.fromkeys([*([self.ref] if self._remote else []), commit]):
            if wanted == commit and not nothing and await self._has(commit):
                continue
            await self.fetch(wanted)
            nothing = False

    async def fetch(self, wanted: str) -> None:
        """A ref or a commit. Raises GitFailed when the service does not have it."""
        fetched = await self.git.remote("fetch", "--quiet", "--no-tags", self.url, wanted)
        if fetched.code and not await self._has(wanted):
            raise GitFailed(fetched.err.strip())

    async def _has(self, commit: str) -> bool:
        return (await self.git.run("cat-file", "-e", f"{commit}^{{commit}}", check=False)).code == 0

    async def first_act(self, checkpoint: str, step: int) -> str:
        """Commits and pushes when something changed; the commit that the checkpoint has to name, in any case."""
        if self.dirty or self.second_parent:
            made = await self.commit(f"Quarterdeck-Step: {step}\nQuarterdeck-Checkpoint: {checkpoint}\n")
            if made:
                await self.push()
                crash.point("agent.pushed")
                self._say(Committed(sha=self.head, step=max(0, step), title=made))
            self._tell_skipped()
            self.dirty = False
        return self.head

    def _tell_skipped(self) -> None:
        """Once for each file: what a commit leaves out is gone with the place."""
        fresh = [name for name in self.skipped if name not in self._told]
        self._told.update(fresh)
        if fresh:
            self._say(
                Noted(text=f"Left out of the commit, over {CAP_BYTES // 2**20} MB", detail=", ".join(fresh)[:2000])
            )

    async def commit(self, trailers: str = "") -> str:
        """Everything that .gitignore lets through and that is not over 5 MB, in one commit on top of `head`. What was
        done, as the commit's first line says it; "" when nothing was."""
        excluded = await self._not_ours()
        # "add" with a pathspec that names no file at all fails, and "." must win over the exclusions.
        specs = os.fsencode("\0".join([".", *(f":(exclude,literal,top){path}" for path in excluded)]))
        await self.git.run("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=specs)
        tree = (await self.git.run("write-tree")).text
        changed = await self.git.run("diff-tree", "-r", "-z", "--name-status", "--no-renames", self.head, tree)
        if not changed.out and not self.second_parent:
            return ""
        did = subject(changes(changed.out), self.second_parent)
        parents = ["-p", self.head, *(["-p", self.second_parent] if self.second_parent else [])]
        said = (f"{did}\n\n{trailers}" if trailers else f"{did}\n").encode()
        self.head = (await self.git.run("commit-tree", tree, *parents, stdin=said)).text
        self.second_parent = ""
        await self.git.run("update-ref", "--no-deref", "HEAD", self.head)
        return did

    async def push(self) -> None:
        """Moves the run's ref from exactly the value it had. An answer that was lost shows as a ref that is there."""
        if self._remote == self.head:
            return
        pushed = await self.git.remote(
            "push",
            "--quiet",
            "--force",
            f"--force-with-lease={self.ref}:{self._remote}",
            self.url,
            f"{self.head}:{self.ref}",
        )
        if pushed.code and await self._listed() != self.head:
            raise Misconfigured(f"the push was refused: {pushed.err.strip()[-300:]}")
        self._remote = self.head

    async def push_again(self) -> None:
        """The platform does not have what we think is there: what the ref really is is asked anew, then pushed over."""
        self._remote = await self._listed()
        await self.push()

    async def _listed(self) -> str:
        """What the run's ref names now; "" where there is none."""
        listed = await self.git.remote("ls-remote", self.url, self.ref)
        return listed.text.split("\t")[0] if listed.text else ""

    async def diff(self, base: str, limit: int = 60_000) -> str:
        """What the run's commits changed since `base`, as text."""
        flags = ("--no-ext-diff", "--no-textconv", "--no-color", "--text", "--no-renames")
        ran = await self.git.run("diff", *flags, base, self.head, "--", check=False)
        text = ran.out.decode("utf-8", "replace")
        return text if len(text) <= limit else text[:limit] + f"\n[{len(text) - limit} characters of the diff left out]"

    async def files(self) -> list[str]:
        """Tracked files and new ones that are not ignored, as paths from the top."""
        ran = await self.git.run(
            "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", check=False
        )
        return [name for name in ran.out.decode("utf-8", "replace").split("\0") if name and not name.endswith("/")]

    async def disown_new_files(self) -> None:
        """What `setup` made beside the tracked files is no work of the agent's: it stays out of every commit."""
        ran = await self.git.run("ls-files", "-z", "--others", "--exclude-standard")
        names = [name for name in ran.out.decode("utf-8", "surrogateescape").split("\0") if name]
        self._junk += ["/" + re.sub(r"([*?\[\\ ])", r"\\\1", name) for name in names if "\n" not in name]
        await asyncio.to_thread(self._exclude)

    async def ignored(self) -> list[str]:
        """What lies in the checkout and will not survive the place."""
        ran = await self.git.run(
            "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", check=False
        )
        return [name for name in ran.out.decode("utf-8", "replace").split("\0") if name]

    async def bring_together(self, theirs: str) -> list[str]:
        """Puts the merge of `head` and `theirs` into the tree, with markers; the paths that conflict."""
        try:
            await self.fetch(theirs)
        except GitFailed as bad:
            raise Misconfigured(f"cannot fetch the other side {theirs[:12]}: {bad}") from bad
        merged = await self.git.run("merge-tree", "--write-tree", "--name-only", self.head, theirs, check=False)
        tree, *rest = merged.text.split("\n")
        await self.git.run("read-tree", "-u", "--reset", tree)
        self.second_parent, self.dirty = theirs, True
        return rest[: rest.index("")] if "" in rest else rest

    def _exclude(self) -> None:
        info = self.git.git_dir / "info"
        info.mkdir(exist_ok=True)
        (info / "exclude").write_bytes(os.fsencode("\n".join(self._junk) + "\n"))

    async def _not_ours(self) -> list[str]:
        """Paths that a commit leaves out: too big, or repositories of their own, into which git would step as us."""
        links = [
            line.split("\t", 1)[1]
            for line in (await self.git.run("ls-files", "-z", "--stage"))
            .out.decode("utf-8", "surrogateescape")
            .split("\0")
            if line.startswith("160000")
        ]
        ran = await self.git.run("ls-files", "-z", "--others", "--modified", "--exclude-standard", "--deduplicate")
        names = [name for name in ran.out.decode("utf-8", "surrogateescape").split("\0") if name]
        big = await asyncio.to_thread(_too_big, self.tree, names)
        self.skipped = big
        return [*links, *(name.rstrip("/") for name in names if name.endswith("/")), *big]


def _too_big(tree: Path, names: list[str]) -> list[str]:
    found = []
    for name in names:
        try:
            if os.lstat(tree / name).st_size > CAP_BYTES:
                found.append(name)
        except OSError:
            continue
    return found
