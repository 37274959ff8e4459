"""Moves a branch of the project's own repository, from exactly one commit to another."""

from collections.abc import Mapping
from types import MappingProxyType

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import mirror, names
from quarterdeck.outside.repos.folders import Folders
from quarterdeck.outside.repos.plumbing import MEGA, Bounds, Git
from quarterdeck.outside.repos.run import adopt, mirror_of, need, repository_of

Env = Mapping[str, str]
NO_ENV: Env = MappingProxyType({})
_BOUNDS = Bounds(seconds=300, memory=4096 * MEGA)


def publish(folders: Folders, run: str, url: str, branch: str, *, old: str, new: str, env: Env = NO_ENV) -> bool:
    """See port.Repos.publish. `env` opens the way out (outward.py). `old` of forty zeros means: the branch must not exist yet."""
    path = folders.run(run)
    ref = f"refs/heads/{names.branch(branch)}"
    names.sha(old)
    need(path, new)
    git = Git(path, env, _BOUNDS)
    if (now := _where(folders, git, url, ref)) != old:
        return _contains(folders, run, url, branch, now, new, env)
    # The lease is checked by the other side, in its own ref transaction: between our look and its move nobody slips in.
    lease = f"--force-with-lease={ref}:{'' if old == names.NONE else old}"
    done = git.run("push", "--quiet", "--no-verify", "--porcelain", lease, "--end-of-options", url, f"{new}:{ref}")
    if (after := _where(folders, git, url, ref)) == old:
        raise Refused(
            f"{url} refused the push: {_reason(done.out, done.err)}",
            reason="push_refused",
            remedy="Look at the repository's rules and hooks.",
        )
    return _contains(folders, run, url, branch, after, new, env)


def holds(folders: Folders, run: str, url: str, branch: str, *, old: str, new: str, env: Env = NO_ENV) -> bool:
    """See port.Repos.holds. A branch that has not moved is not fetched."""
    path = folders.run(run)
    now = _where(folders, Git(path, env, _BOUNDS), url, f"refs/heads/{names.branch(branch)}")
    return now != names.sha(old) and _contains(folders, run, url, branch, now, names.sha(new), env)


def tip(folders: Folders, run: str, url: str, branch: str, env: Env = NO_ENV) -> str:
    """The branch's newest commit, fetched and made reachable from the run. Raises Refused(no_such_branch)."""
    heads = mirror.refresh(folders, repository_of(folders.run(run)), url, env)
    if branch not in heads:
        raise Refused(f"{url} has no branch {branch!r}.", reason="no_such_branch", status=404)
    adopt(folders, run, heads[branch])
    return heads[branch]


def _contains(folders: Folders, run: str, url: str, branch: str, now: str, new: str, env: Env) -> bool:
    if now in (new, names.NONE):
        return now == new
    try:
        newest = tip(folders, run, url, branch, env)
    except Refused as gone:
        if gone.reason in ("no_such_branch", "empty_repository"):
            return False
        raise
    return Git(mirror_of(folders, run)).says("merge-base", "--is-ancestor", new, newest)


def _where(folders: Folders, git: Git, url: str, ref: str) -> str:
    """What the ref is over there, forty zeros if nothing. Raises Refused(no_such_repository), TryLater."""
    mirror.refuse_missing(folders, url)
    done = git.run("ls-remote", "--quiet", "--end-of-options", url, ref)
    if done.code:
        raise mirror.why(done, url)
    for line in done.out.decode(errors="replace").splitlines():
        sha, _, name = line.partition("\t")
        if name == ref:
            return names.sha(sha)
    return names.NONE


def _reason(out: bytes, err: str) -> str:
    for line in out.decode(errors="replace").splitlines():
        if line.startswith("!"):
            return line[1:].replace("\t", " ").strip()[:300]
    return err[-300:] or "no reason given"
