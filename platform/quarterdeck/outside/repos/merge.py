"""What a merge would be, and the commit it makes. Computed beside the run's repository; nothing reaches the mirror."""

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import names, paths
from quarterdeck.outside.repos.folders import Folders, migrate
from quarterdeck.outside.repos.plumbing import MEGA, Bounds, Git, failed
from quarterdeck.outside.repos.port import Preview
from quarterdeck.outside.repos.run import has_commit, keep, need

_BOUNDS = Bounds(seconds=60, memory=2048 * MEGA)
COMMITTER = ("Quarterdeck", "merge@quarterdeck.invalid")


def preview(folders: Folders, run: str, base: str, head: str) -> Preview:
    path = folders.run(run)
    need(path, base, head)
    with folders.loose(path, _BOUNDS) as (git, _):
        return _merged(git, base, head)


def merge_commit(folders: Folders, run: str, base: str, head: str, *, message: str, author: str, at: int) -> str:
    """Same input, same sha: author, committer and both dates are given, so doing it twice is doing it once."""
    path = folders.run(run)
    need(path, base, head)
    with folders.loose(path, _BOUNDS) as (git, objects):
        merged = _merged(git, base, head)
        if not merged.clean:
            raise Refused(
                f"{len(merged.conflicts)} paths conflict.", reason="conflict", remedy="Bring both sides together first."
            )
        signed = Git(git.folder, {**git.env, **_identity(author, at)}, _BOUNDS)
        sha = signed.text("commit-tree", "-p", base, "-p", head, merged.tree, feed=_text(message))
        if not has_commit(path, sha):
            migrate(objects, path)
    keep(path, f"refs/merges/{sha}", sha)
    return sha


def _merged(git: Git, base: str, head: str) -> Preview:
    """merge-tree ends with 0 when clean and 1 when not; anything else is no answer."""
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
    done = git.run(*arguments, "--end-of-options", base, head)
    if "unrelated histories" in done.err:
        raise Refused("The two commits have no common history.", reason="unrelated")
    if done.code not in (0, 1) or done.cut or not done.out:
        raise failed(arguments, done)
    tree, *conflicts = done.out.rstrip(b"\0").split(b"\0")
    if done.code == 0:
        return Preview(clean=True, tree=names.sha(tree.decode().strip()))
    return Preview(clean=False, conflicts=sorted({paths.shown(name) for name in conflicts}))


def _identity(author: str, at: int) -> dict[str, str]:
    name, mail = names.author(author)
    date = f"@{int(at)} +0000"
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": COMMITTER[0],
        "GIT_COMMITTER_EMAIL": COMMITTER[1],
        "GIT_COMMITTER_DATE": date,
    }


def _text(message: str) -> bytes:
    """A commit cannot hold NUL; it ends with one line end."""
    return message.replace("\0", "").encode("utf-8", "replace").rstrip() + b"\n"
