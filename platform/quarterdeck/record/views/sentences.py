"""One sentence for each kind of event. Past tense, plain words; what is long stands in the line's detail."""

import re
from collections.abc import Callable
from typing import Any

from deckwire.base import Message

Sentence = Callable[[Any, str], str]

PHASES = {
    "queued": "Queued", "starting": "Starting", "working": "Working", "waiting": "Waiting for an answer",
    "paused": "Paused", "sealing": "Sealed; checks begin", "review": "Ready for review", "publishing": "Publishing",
    "published": "Published", "merging": "Merging", "merged": "Merged", "closed": "Closed", "failed": "Failed",
    "cancelled": "Stopped",
}  # fmt: skip
ATTEMPTS = {
    "created": "asked for a place", "pending": "waits for its place", "running": "has its place and began",
    "sealed": "sealed its work and left", "parked": "gave its place back; its work is kept", "failed": "failed",
    "lost": "was lost", "fenced": "was replaced by the next one",
}  # fmt: skip


# What the state says already: repeated behind it, it only reads as noise.
PLAIN = {
    "sealed",
    "evidence_ready",
    "place_found",
    "agent_ready",
    "decided",
    "waiting",
    "parked",
    "paused",
    "resumed",
    "merged",
    "merging",
    "approved",
    "published",
    "stopped",
    "lost",
    "failed",
}
REASONS = {
    "attempt_lost": "its attempt was lost", "taken_back": "the decision was taken back",
    "approval_void": "the approval no longer covers what stands",
    "base_moved": "the branch moved on", "head_moved": "the head moved on", "conflict": "it conflicts with the branch",
    "merged_tests_failed": "tests fail on the merged result", "environment_missing": "its packages are not there yet",
    "no_room": "there is no room for a place", "left_early": "the agent left before it was done",
    "silent": "nothing was heard from it", "overstayed": "it did not leave when it was asked to",
    "diff_changed": "the diff is another one", "canary_failed": "its place was not closed off",
}  # fmt: skip
VERBS = {
    "approve": "approved", "deny": "refused", "answer": "answered", "redirect": "redirected the agent",
    "pause": "paused the run", "resume": "let the run go on", "rewind": "rewound the run", "retry": "asked for a retry",
    "stop": "stopped the run", "raise budget": "raised the budget", "merge": "approved and merged",
}  # fmt: skip


# What the agent notes for itself, as it reads for a person. A note that none of these knows speaks for itself.
NOTES: tuple[tuple[re.Pattern[str], Callable[[int], str]], ...] = (
    (
        re.compile(r"Candidates offered: (\d+)$"),
        lambda n: f"Looked through the code: {_count(n, 'file')} may matter here",
    ),
    (re.compile(r"Places found: (\d+)$"), lambda n: f"Chose {_count(n, 'place')} in the code to work on"),
)
CHECKS = {"tests": "Tests re-run by Quarterdeck", "install": "Packages of the project"}
CHECK_STATES = {
    "queued": "waiting for a place", "running": "at work", "passed": "passed", "failed": "failed", "broken": "could not run",
}  # fmt: skip


def of(said: Message, by: str) -> str:
    kind = str(getattr(said, "kind", "unknown"))
    return SENTENCES.get(kind, lambda *_: kind)(said, by)


def _lines(path: str, start: int, lines: int) -> str:
    return f"Read {path}, lines {start} to {start + lines - 1}" if lines else f"Read {path}"


def _ran(e: Any, _: str) -> str:
    if e.exit_code is None:
        return f"Ran {_first(e.command)}: killed{f' ({e.why})' if e.why else ''}"
    return f"Ran {_first(e.command)}: exit {e.exit_code}, {e.seconds:.1f} s"


def _tested(e: Any, _: str) -> str:
    if not e.passed and not e.failed:
        return f"Ran the tests: exit {e.exit_code}" if e.exit_code is not None else "Ran the tests: killed"
    return f"Ran the tests: {e.passed} passed, {e.failed} failed"


def _moved(e: Any, _: str) -> str:
    return PHASES.get(e.to, e.to) + _because(e.reason)


def _because(reason: str) -> str:
    if not reason or reason in PLAIN or reason.startswith("asked_"):
        return ""
    return f": {REASONS.get(reason, reason.replace('_', ' '))}"


def _decided(e: Any, by: str) -> str:
    said = f"{by} {VERBS.get(e.verb, e.verb)}"
    if e.fate == "rejected":
        return f"{said}; refused"
    return f"{said}, “{_first(e.words)}”" if e.words else said


def _noted(e: Any, _: str) -> str:
    found = ((told, pattern.match(e.text)) for pattern, told in NOTES)
    return next((told(int(match[1])) for told, match in found if match), e.text)


def _checked(e: Any, _: str) -> str:
    state = "installed" if (e.name, e.state) == ("install", "passed") else CHECK_STATES.get(e.state, e.state)
    return f"{CHECKS.get(e.name, f'Check {e.name}')}: {state}"


def _spent(e: Any, _: str) -> str:
    estimate = ", estimated" if e.estimated else ""
    return f"{e.tokens_in} tokens in, {e.tokens_out} out for {e.purpose or 'a call'}{estimate}"


def _attempted(e: Any, _: str) -> str:
    if e.reason == "stopped" and e.state == "fenced":
        return f"Attempt {e.epoch} was stopped"
    if e.reason == "stopped":
        return f"Attempt {e.epoch} stopped with Quarterdeck; the run goes on at its next start"
    return f"Attempt {e.epoch} {ATTEMPTS.get(e.state, e.state)}{_because(e.reason)}"


def _count(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _first(text: str) -> str:
    """The first line, cut where a row ends."""
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= 120 else line[:119] + "…"


SENTENCES: dict[str, Sentence] = {
    "understood": lambda e, _: e.restated,
    "planned": lambda e, _: f"Planned {_count(len(e.plan.steps), 'step')}, version {e.plan.version}",
    "asked": lambda e, _: e.asks[0].ask if len(e.asks) == 1 else f"Asked {len(e.asks)} things",
    "applied": lambda e, _: "Took the decision into its history",
    "rejected": lambda e, _: f"Could not take a decision: {_first(e.why)}",
    "sealed": lambda e, _: f"Sealed {e.head[:7]}",
    "said": lambda e, _: e.text,
    "read": lambda e, _: _lines(e.path, e.start, e.lines),
    "edited": lambda e, _: f"Edited {e.path}, +{e.added} −{e.removed}",
    "ran": _ran,
    "tested": _tested,
    "committed": lambda e, _: f"Committed {e.sha[:7]}: {e.title}" if e.title else f"Committed {e.sha[:7]}",
    "progressed": lambda e, _: f"Plan step {e.index + 1}: {e.state}{', ' + e.note if e.note else ''}",
    "noted": _noted,
    "failed": lambda e, _: e.text,
    "opened": lambda e, by: f"{by} gave {e.ticket} to an agent",
    "moved": _moved,
    "decided": _decided,
    "attempted": _attempted,
    "resumed": lambda e, _: (
        f"Attempt {e.epoch} goes on from {'the step it was rewound to' if e.rewound else 'the last step'}"
    ),
    "spent": _spent,
    "checked": _checked,
    "proposed": lambda e, _: f"Proposal {e.head[:7]} on {e.base[:7]}",
    "merged": lambda e, _: f"Merged into {e.branch} as {e.sha[:7]}",
    "changed": lambda e, _: f"The {e.what} changed",
    "quarantined": lambda e, _: f"A line that could not be stored: {e.why}",
    "unknown": lambda e, _: f"A kind of line that this version does not know: {e.said}",
}
