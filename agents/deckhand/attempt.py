"""One attempt from hello to goodbye. Hello needs nothing heavy: LangGraph is imported beside it, a provider by its first call."""

import asyncio
import contextlib
import logging
import secrets
import signal
from importlib import import_module
from typing import TYPE_CHECKING

from deckhand import sandbox
from deckhand.exits import Exposed, Fenced, Leaving, Misconfigured, Refusal
from deckhand.git import Git
from deckhand.mailbox import Mailbox
from deckhand.outbox import Outbox
from deckhand.settings import Settings
from deckhand.tools.shell import Shell, Wrap, become_subreaper
from deckhand.uplink import Uplink
from deckhand.watch import Watch
from deckhand.workspace import Workspace
from deckwire.envelope import Bye, Heartbeat, Hello, Welcome
from deckwire.events import Noted, Ran
from deckwire.words import AttemptState, Audience

if TYPE_CHECKING:
    from deckhand.deck import Deck

log = logging.getLogger(__name__)

TERM_SECONDS = 14.0
BYE_SECONDS = 5.0
SETUP_PATIENCE = 10


async def attempt(settings: Settings) -> None:
    """Raises Leaving with the exit code; returns when the run was sealed or parked."""
    uplink = Uplink(settings.url)
    try:
        welcome = await greet(uplink, settings)
        await _aboard(settings, uplink, welcome)
    finally:
        await uplink.close()


async def greet(uplink: Uplink, settings: Settings) -> Welcome:
    """The nonce is made before the first try, so a lost answer can be asked for again."""
    try:
        return await uplink.hello(Hello(secret=settings.secret, nonce=secrets.token_hex(32)))
    except Refusal as no:
        if no.status == 409:
            raise Fenced(f"this attempt is not wanted any more: {no}") from no
        raise Misconfigured(f"the platform does not take this attempt: {no}") from no
    except ValueError as bad:
        raise Misconfigured(f"the welcome cannot be read: {bad}") from bad


async def _aboard(settings: Settings, uplink: Uplink, welcome: Welcome) -> None:
    """The work against everything that can end it: fencing and stopping arrive by heartbeat and mail."""
    outbox, mailbox, watch = Outbox(uplink, welcome.epoch), Mailbox(uplink, welcome.applied_n), Watch()
    main = asyncio.create_task(_work(settings, welcome, outbox, mailbox, watch))
    # From the first moment: a long clone without a heartbeat would look like a dead agent.
    beat = _beat(outbox, watch, welcome.config.heartbeat_seconds)
    sides = [asyncio.create_task(one) for one in (beat, mailbox.poll(), outbox.pump(), _terminated(watch))]
    try:
        done, _ = await asyncio.wait({main, *sides}, return_when=asyncio.FIRST_COMPLETED)
        if main not in done and watch.leaving:
            await asyncio.wait({main}, timeout=BYE_SECONDS)
        if main.done():
            main.result()
            return
        for one in done:
            one.result()
        await _last_word(uplink, main)
    finally:
        for one in (main, *sides):
            one.cancel()
        await asyncio.gather(main, *sides, return_exceptions=True)


async def _work(settings: Settings, welcome: Welcome, outbox: Outbox, mailbox: Mailbox, watch: Watch) -> None:
    try:
        shell = shell_of(settings, welcome)
        loading = asyncio.create_task(asyncio.to_thread(import_module, "deckhand.aboard"))
        workspace = workspace_of(settings, outbox, welcome)
        await workspace.prepare(welcome.head_commit)
        aboard = await loading
        await aboard.work(aboard.deck(settings.url, welcome, outbox, mailbox, workspace, shell, watch))
    except (Exposed, Misconfigured) as bad:
        await _said_why(outbox.uplink, watch, bad)
        raise


def workspace_of(settings: Settings, outbox: Outbox, welcome: Welcome) -> Workspace:
    git = Git(settings.home / "git", settings.workspace, lambda: outbox.uplink.token(Audience.GIT), settings.path)
    path = welcome.git_path.lstrip("/")
    url, report = f"{settings.git_url}/{path}", welcome.config.commands.report
    return Workspace(git, url, welcome.ref, report, outbox.say, first=welcome.epoch == 1)


def shell_of(settings: Settings, welcome: Welcome) -> Shell:
    become_subreaper()
    limit = welcome.config.limits.output_bytes
    return Shell(settings.workspace, settings.home / "tools", settings.tools_path, limit, walls(settings))


def walls(settings: Settings, *, installing: bool = False) -> Wrap:
    """Raises Exposed where the tools' walls do not stand: no untrusted text is read in such a place."""
    home = sandbox.own_home(settings.home / "tools")
    settings.workspace.mkdir(parents=True, exist_ok=True)
    if settings.tools == "plain":
        return list
    box = sandbox.box(settings.workspace, home, settings.home, installing=installing)
    tried = sandbox.probe(box)
    if not tried.works:
        raise Exposed(tried.words)
    return box.wrap


async def set_up(deck: "Deck") -> None:
    """Runs the project's setup command: ignored files did not survive the last place. A failure is told, not fatal."""
    command = deck.config.commands.setup
    if not command:
        return
    deck.watch.doing = "running the setup command"
    outcome = await deck.run(command, deck.config.limits.shell_seconds * SETUP_PATIENCE)
    deck.say(
        Ran(
            command=command[:2000], exit_code=outcome.exit_code, output=outcome.output[-8000:],
            seconds=round(outcome.seconds, 3), why=outcome.why,
        )
    )  # fmt: skip
    await deck.workspace.disown_new_files()
    if outcome.exit_code != 0:
        deck.setup_note = f"The setup command failed. The end of its output:\n{outcome.output[-2000:]}"
        deck.say(Noted(text="The setup command failed; the agent was told so."))


async def _beat(outbox: Outbox, watch: Watch, seconds: float) -> None:
    while True:
        pulse = await outbox.uplink.heartbeat(Heartbeat(step=max(0, watch.step), doing=watch.doing))
        outbox.watched = pulse.watched
        await asyncio.sleep(seconds)


async def _terminated(watch: Watch) -> None:
    """Ends some seconds after SIGTERM: by then the work has parked by itself, or it hangs in a tool or a model call."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watch.terminate)
    await watch.told.wait()
    await asyncio.sleep(TERM_SECONDS)


async def _last_word(uplink: Uplink, main: "asyncio.Task[None]") -> None:
    """The grace after SIGTERM is over: the last stored step stands, and the run goes on from there."""
    main.cancel()
    await asyncio.gather(main, return_exceptions=True)
    await uplink.bye(Bye(state=AttemptState.PARKED, reason="terminated"))


async def _said_why(uplink: Uplink, watch: Watch, bad: Leaving) -> None:
    """A person has to read why a place would not do; the run itself has not failed."""
    watch.leaving = True
    with contextlib.suppress(Leaving, Refusal):
        reason = "exposed" if isinstance(bad, Exposed) else "configuration"
        await uplink.bye(Bye(state=AttemptState.FAILED, reason=reason, text=str(bad)))
