"""What each tool does when a model calls it: the call's arguments in, the text of its result out, and an event for people."""

from collections.abc import Awaitable, Callable

from deckhand.context.clean import middle_out, tail
from deckhand.deck import Deck
from deckhand.exits import GaveUp
from deckhand.state import State
from deckhand.tools import edit as editing
from deckhand.tools import junit, offer
from deckhand.tools.bounds import inside
from deckhand.tools.search import search as find
from deckhand.tools.shell import Outcome
from deckhand.tools.view import view as show
from deckwire import crash
from deckwire.events import Edited, Noted, Progressed, Ran, Read, Tested

EVENT_CHARACTERS = 8_000

Hand = Callable[[Deck, State, State, offer.Arguments], Awaitable[str]]
"""(deck, state, update, arguments) → the result. A hand may put into `update` what the state has to remember."""


async def view(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.View)
    shown = show(deck.workspace.tree, given.path, given.start, given.lines)
    deck.say(Read(path=given.path, start=given.start, lines=given.lines))
    return shown


async def search(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Search)
    found = await find(deck.workspace.tree, given.pattern, given.path)
    deck.say(
        Noted(text=f"Searched for {given.pattern[:200]}", detail=f"in {given.path}: {len(found.splitlines())} lines")
    )
    return found


async def edit(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Edit)
    return _changed(deck, editing.edit(deck.workspace.tree, given.path, given.old, given.new))


async def create(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Create)
    return _changed(deck, editing.create(deck.workspace.tree, given.path, given.content))


def _changed(deck: Deck, made: editing.Changed) -> str:
    deck.workspace.dirty = True
    crash.point("agent.edited")
    deck.say(Edited(path=made.path, added=made.added, removed=made.removed))
    return f"{made.path}: {made.added} lines added, {made.removed} removed"


async def shell(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Shell)
    seconds = max(1, min(given.seconds, deck.config.limits.shell_seconds))
    outcome = await deck.run(given.command, seconds)
    deck.say(
        Ran(
            command=given.command[:2000], exit_code=outcome.exit_code, output=tail(outcome.output, EVENT_CHARACTERS),
            seconds=round(outcome.seconds, 3), why=outcome.why,
        )
    )  # fmt: skip
    return told(deck, outcome)


async def test(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Test)
    if not deck.config.commands.test:
        return "The project names no test command: use shell."
    return told(deck, await run_tests(deck, given.args))


async def run_tests(deck: Deck, args: str = "") -> Outcome:
    """Runs the project's tests and tells people what the report says; without one, what the last lines say."""
    report = inside(deck.workspace.tree, deck.config.commands.report) if deck.config.commands.report else None
    if report is not None:
        # A report of an earlier run would be read as this one's.
        report.unlink(missing_ok=True)
    outcome = await deck.test(args)
    read = junit.read(report) if report is not None else None
    passed, failed = junit.summary_counts(outcome.output)
    if read is not None:
        passed, failed = read.count("passed"), read.count("failed", "error")
    command = " ".join(part for part in (deck.config.commands.test, args) if part)
    deck.say(
        Tested(
            command=command[:2000], passed=passed, failed=failed, output=tail(outcome.output, EVENT_CHARACTERS),
            exit_code=outcome.exit_code, seconds=round(outcome.seconds, 3),
        )
    )  # fmt: skip
    return outcome


def told(deck: Deck, outcome: Outcome) -> str:
    """An outcome as a model reads it. No times in it: the loop detector compares results."""
    end = f"killed: {outcome.why}" if outcome.why else f"exit code {outcome.exit_code}"
    return f"{end}\n{middle_out(outcome.output, deck.config.limits.output_bytes)}".rstrip()


async def progress(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Progress)
    plan = update.get("plan") or state.get("plan") or {"steps": []}
    if not 0 <= given.index < len(plan["steps"]):
        return f"the plan has {len(plan['steps'])} steps, counted from 0"
    steps = [dict(step) for step in plan["steps"]]
    steps[given.index] |= {"state": given.state, "note": given.note}
    update["plan"] = {**plan, "steps": steps}
    deck.say(Progressed(index=given.index, state=given.state, note=given.note))
    return f"step {given.index} is {given.state}"


async def finish(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.Finish)
    update["summary"] = given.summary
    update["stage"] = "check"
    return "handed in: the tests run next"


async def give_up(deck: Deck, state: State, update: State, given: offer.Arguments) -> str:
    assert isinstance(given, offer.GiveUp)
    raise GaveUp("gave_up", given.reason, "Read the timeline, then retry with other words, or change the ticket.")


HANDS: dict[str, Hand] = {
    "view": view, "search": search, "edit": edit, "create": create, "shell": shell, "test": test,
    "progress": progress, "finish": finish, "give_up": give_up,
}  # fmt: skip
