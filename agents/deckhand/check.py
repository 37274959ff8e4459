"""A Check: the platform's own test run in a fresh place. No model, no run of its own: trees in, results out."""

import secrets
import shutil
from pathlib import Path

from deckhand.attempt import walls
from deckhand.context.clean import storable, tail
from deckhand.exits import Misconfigured, Refusal
from deckhand.git import Git, GitFailed
from deckhand.settings import Settings
from deckhand.tools import junit
from deckhand.tools.shell import Shell, become_subreaper
from deckhand.uplink import Order, Uplink
from deckhand.workspace import Workspace
from deckwire.check import CheckOrder, CheckReport, CheckTree, TestCase, TreeResult
from deckwire.envelope import Hello
from deckwire.words import Audience

OUTPUT_CHARACTERS = 32_000
OUTPUT_BYTES = 64_000


async def check(settings: Settings) -> None:
    """Runs every tree of the order and reports once. Raises Leaving; without a report the platform tries again."""
    uplink = Uplink(settings.url)
    try:
        order = await greet(uplink, settings, CheckOrder)
        become_subreaper()
        shell = Shell(settings.workspace, settings.home / "tools", settings.tools_path, OUTPUT_BYTES, walls(settings))
        trees = {name: await one(settings, uplink, order, tree, shell) for name, tree in order.trees.items()}
        await uplink.report(CheckReport(trees=trees))
    finally:
        await uplink.close()


async def greet(uplink: Uplink, settings: Settings, kind: type[Order]) -> Order:
    try:
        return await uplink.check_hello(Hello(secret=settings.secret, nonce=secrets.token_hex(32)), kind)
    except (Refusal, ValueError) as no:
        raise Misconfigured(f"the platform gives no order to this check: {no}") from no


async def one(settings: Settings, uplink: Uplink, order: CheckOrder, tree: CheckTree, shell: Shell) -> TreeResult:
    """A tree is checked out from nothing: what the last one's tests left behind must not help or harm this one's."""
    for left in settings.workspace.iterdir() if settings.workspace.exists() else ():
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    await lay_out(settings, uplink, order.git_path, tree)
    if order.setup:
        made = await shell.run(order.setup, order.seconds)
        if made.exit_code != 0:
            said = f"The setup command failed.\n{tail(made.output, OUTPUT_CHARACTERS)}"
            return TreeResult(exit_code=made.exit_code, seconds=round(made.seconds, 3), output=storable(said))
    report = report_file(settings.workspace, order.report)
    if report is not None:
        report.unlink(missing_ok=True)
    ran = await shell.run(order.test or "true", order.seconds)
    read = junit.read(report) if report is not None else None
    cases = [TestCase(name=storable(name), outcome=outcome) for name, outcome in read.cases.items()] if read else []
    return TreeResult(
        exit_code=ran.exit_code,
        seconds=round(ran.seconds, 3),
        output=storable(tail(ran.output, OUTPUT_CHARACTERS)),
        cases=cases,
    )


async def lay_out(settings: Settings, uplink: Uplink, git_path: str, tree: CheckTree) -> None:
    """`code`'s tree, with `overlay_paths` as they are in `overlay`: a path that is not there is not there."""
    git = Git(settings.home / "git", settings.workspace, lambda: uplink.token(Audience.GIT), settings.path)
    work = Workspace(git, f"{settings.git_url}/{git_path.lstrip('/')}", "refs/heads/run")
    await work.prepare(tree.code)
    if not tree.overlay:
        return
    try:
        await work.fetch(tree.overlay)
        for path in tree.overlay_paths:
            await git.run("rm", "-rqf", "--ignore-unmatch", "--", f":(literal,top){path}")
            found = (await git.run("ls-tree", "--name-only", tree.overlay, "--", f":(literal,top){path}")).text
            if found:
                await git.run("checkout", "--quiet", tree.overlay, "--", f":(literal,top){path}")
    except GitFailed as bad:
        raise Misconfigured(f"cannot lay {tree.overlay[:12]} over {tree.code[:12]}: {bad}") from bad


def report_file(tree: Path, name: str) -> Path | None:
    """Where the report will be. A name that leads out of the checkout counts as none: its tests could write anywhere."""
    path = (tree / name).resolve()
    return path if name and path.is_relative_to(tree.resolve()) else None
