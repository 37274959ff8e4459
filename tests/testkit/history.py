"""The history checker: reads what the record holds after a storm, and says in sentences what cannot be.

`read` takes rows out of a house's database and its repositories; everything else is pure, so a test can plant a fault in
the rows and see it caught. One function per promise; `check` asks them all. An empty list is a clean history.
"""

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testkit.house import House

Row = dict[str, Any]
LIVE = {"created", "pending", "running"}
ENDED_FATES = {"applied", "rejected", "superseded", "expired"}
ENDS = {"merged", "closed", "failed", "cancelled"}
OPEN_REQUEST = {"open", "snoozed", "delegated"}

QUERIES = {
    "events": "select stream, seq, epoch, n, actor, kind, body from record_event order by stream, seq",
    "heads": "select stream, seq, epoch, frozen from record_streamhead",
    "runs": "select id, phase, epoch, head, head_commit, next_command, cap_micro from record_run",
    "attempts": "select run_id, epoch, state, place from record_attempt order by run_id, epoch",
    "commands": "select run_id, n, decision_id, verb, fate, for_agent, id, body from record_command order by run_id, n",
    "decisions": "select id, run_id, key, actor, verb from record_decision",
    "requests": "select id, run_id, kind, state, interrupt, index, key, decision_id, body from record_request",
    "proposals": "select run_id, head, base, digest, merge_old, merge_new, merged, void, branch from record_proposal",
    "approvals": "select run_id, head, base, digest, void_at, decision_id from record_approval",
    "checkpoints": 'select run_id, thread, ns, checkpoint, "order", epoch, commit from record_checkpoint order by run_id, "order"',
    "calls": "select run_id, call, variant, state, settled, epoch from record_modelcall",
    "audits": "select verb, object, body from record_audit",
}  # fmt: skip


@dataclass
class History:
    """Rows as the database has them. `branch` is first-parent history of each origin's main; `seen` holds the events
    (stream, seq, kind, body) that a client was shown while the storm went on: whatever was shown was acknowledged."""

    events: list[Row] = field(default_factory=list)
    heads: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)
    commands: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)
    proposals: list[Row] = field(default_factory=list)
    approvals: list[Row] = field(default_factory=list)
    checkpoints: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    audits: list[Row] = field(default_factory=list)
    seen: list[Row] = field(default_factory=list)
    branch: list[str] = field(default_factory=list)

    def of(self, run: Row) -> list[Row]:
        return [event for event in self.events if event["stream"] == f"run:{run['id']}"]


def read(house: "House", seen: Iterable[Row] = ()) -> History:
    """All of it in one repeatable read, as a dashboard takes its snapshot."""
    with house.snapshot() as rows:
        found = History(**{name: rows(sql) for name, sql in QUERIES.items()})
    for origin in sorted((house.data / "origins").glob("*.git")):
        log = ["git", "--git-dir", str(origin), "log", "--first-parent", "--format=%H", "main"]
        found.branch += subprocess.run(log, check=False, capture_output=True, text=True).stdout.split()
    found.seen = list(seen)
    return found


def check(history: History) -> list[str]:
    """What is wrong, in sentences; nothing when the promises held."""
    return [sentence for promise in PROMISES for sentence in promise(history)]


# ---- events --------------------------------------------------------------------------------------------------------


def dense(history: History) -> Iterable[str]:
    """1, 2, 3 in every stream, and the head row says the last."""
    streams = defaultdict[str, list[int]](list)
    for event in history.events:
        streams[event["stream"]].append(event["seq"])
    heads = {head["stream"]: head["seq"] for head in history.heads}
    for stream, numbers in streams.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{stream}: not 1, 2, 3 … but {_breaks(numbers)}"
        if heads.get(stream) != numbers[-1]:
            yield f"{stream}: the head says {heads.get(stream)}, the last event is {numbers[-1]}"


def _breaks(numbers: list[int]) -> str:
    wrong = [(at, number) for at, number in enumerate(numbers, 1) if at != number]
    return f"{wrong[0][1]} where {wrong[0][0]} should stand" if wrong else "nothing"


def once(history: History) -> Iterable[str]:
    """An agent's number is there once in its epoch, and none below its last is missing: it sends them in order."""
    numbers = defaultdict[tuple[str, int], list[int]](list)
    for event in history.events:
        if event["n"] is not None:
            numbers[event["stream"], event["epoch"]].append(event["n"])
    for (stream, epoch), found in numbers.items():
        doubled = [n for n, count in Counter(found).items() if count > 1]
        if doubled:
            yield f"{stream}: epoch {epoch} said {doubled[:5]} twice"
        lost = sorted(set(range(1, max(found) + 1)) - set(found))
        if lost:
            yield f"{stream}: epoch {epoch} lost {lost[:5]}"


def fenced(history: History) -> Iterable[str]:
    """After an epoch was raised no agent's event of an older one was taken."""
    newest = defaultdict[str, int](int)
    for event in history.events:
        if event["kind"] == "attempted" and event["body"]["state"] == "created":
            newest[event["stream"]] = max(newest[event["stream"]], event["epoch"])
        if event["n"] is not None and event["epoch"] < newest[event["stream"]]:
            yield f"{event['stream']} {event['seq']}: epoch {event['epoch']} wrote after {newest[event['stream']]} began"


def shown(history: History) -> Iterable[str]:
    """What a client was shown is still there, word for word."""
    stored = {(event["stream"], event["seq"]): event for event in history.events}
    for one in history.seen:
        event = stored.get((one["stream"], one["seq"]))
        if event is None or (event["kind"], event["body"]) != (one["kind"], one["body"]):
            yield f"{one['stream']} {one['seq']}: was shown as {one['kind']}, and is {event and event['kind']}"


# ---- runs and attempts -----------------------------------------------------------------------------------------------


def one_attempt(history: History) -> Iterable[str]:
    """At most one lives, it has the newest epoch, and no epoch was given twice."""
    epochs = {run["id"]: run["epoch"] for run in history.runs}
    for run, epoch in epochs.items():
        mine = [attempt for attempt in history.attempts if attempt["run_id"] == run]
        live = [attempt for attempt in mine if attempt["state"] in LIVE]
        if len(live) > 1 or any(attempt["epoch"] != epoch for attempt in live):
            yield f"run {run}: epochs {[one['epoch'] for one in live]} live, the run's is {epoch}"
        if len({attempt["epoch"] for attempt in mine}) < len(mine):
            yield f"run {run}: an epoch was given twice"


def checkpoint_of_head(history: History) -> Iterable[str]:
    """The head pointer leads to a stored checkpoint."""
    stored = {(one["run_id"], one["checkpoint"]) for one in history.checkpoints}
    for run in history.runs:
        if run["head"] and (run["id"], run["head"]) not in stored:
            yield f"run {run['id']}: its head {run['head']} is no stored checkpoint"


def audited(history: History) -> Iterable[str]:
    """Each move has its line in the audit, and the last move is where the run stands."""
    told = Counter(
        (row["object"], row["body"].get("was"), row["body"].get("to"))
        for row in history.audits
        if row["verb"] == "moved"
    )
    for run in history.runs:
        moves = [event["body"] for event in history.of(run) if event["kind"] == "moved"]
        made = Counter((f"run:{run['id']}", move["was"], move["to"]) for move in moves)
        for (_, was, to), count in made.items():
            if told[f"run:{run['id']}", was, to] != count:
                yield f"run {run['id']}: moved {count} times from {was} to {to}, and the audit says otherwise"
        broken = any(a["to"] != b["was"] for a, b in pairwise(moves))
        if moves and (broken or moves[-1]["to"] != run["phase"]):
            yield f"run {run['id']}: its moves do not lead to {run['phase']}"


# ---- decisions -------------------------------------------------------------------------------------------------------


def commanded(history: History) -> Iterable[str]:
    """Each decision has one command; commands are numbered 1, 2, 3, applied once and in order, and end when the run does."""
    commands = Counter(command["decision_id"] for command in history.commands)
    for decision in history.decisions:
        if commands[decision["id"]] != 1:
            yield f"decision {decision['id']} ({decision['verb']}) has {commands[decision['id']]} commands"
    for run in history.runs:
        mine = [command for command in history.commands if command["run_id"] == run["id"]]
        # A rewind takes a number of its own without a command: rising, each once, is the promise.
        numbers = [command["n"] for command in mine]
        if numbers != sorted(set(numbers)) or (numbers and numbers[-1] >= run["next_command"]):
            yield f"run {run['id']}: its commands are numbered {numbers}"
        if run["phase"] in ENDS and any(command["fate"] not in ENDED_FATES for command in mine):
            yield f"run {run['id']} is {run['phase']}, and a command of it has not ended"
        yield from _applied(run, mine, history.of(run))


def _applied(run: Row, commands: list[Row], events: list[Row]) -> Iterable[str]:
    order = {str(command["id"]): command["n"] for command in commands}
    told = [id for event in events if event["kind"] == "applied" for id in event["body"]["commands"]]
    twice = [id for id, count in Counter(told).items() if count > 1]
    if twice:
        yield f"run {run['id']}: commands {[order.get(id) for id in twice]} were applied twice"
    numbers = [order[id] for id in told if id in order]
    if numbers != sorted(numbers):
        yield f"run {run['id']}: commands were applied in the order {numbers}"
    for command in commands:
        if command["for_agent"] and command["fate"] == "applied" and str(command["id"]) not in told:
            yield f"run {run['id']}: command {command['n']} is applied, and no event of the agent says so"


def decided_once(history: History) -> Iterable[str]:
    """An ask is one row; a decided one names its decision; the same key was taken once."""
    asks = Counter((row["run_id"], row["interrupt"], row["index"]) for row in history.requests if row["interrupt"])
    for (run, interrupt, index), count in asks.items():
        if count > 1:
            yield f"run {run}: ask {index} of {interrupt} is there {count} times"
    keys = Counter((row["run_id"], row["actor"], row["key"], row["verb"]) for row in history.decisions)
    for (run, _, key, verb), count in keys.items():
        if count > 1:
            yield f"run {run}: {verb} with the key {key} was taken {count} times"
    for row in history.requests:
        if row["state"] == "decided" and row["decision_id"] is None:
            yield f"request {row['id']} is decided by nobody"


# ---- proposals, merges, money ----------------------------------------------------------------------------------------


def merged_once(history: History) -> Iterable[str]:
    """A merged head is the approved one, is in the branch exactly once, and no run has two proposals that stand."""
    for run in history.runs:
        standing = [one for one in history.proposals if one["run_id"] == run["id"] and not one["void"]]
        merged = [one for one in history.proposals if one["run_id"] == run["id"] and one["merged"]]
        said = [event["body"]["sha"] for event in history.of(run) if event["kind"] == "merged"]
        if len(standing) > 1 or len(merged) > 1 or len(said) > 1:
            yield f"run {run['id']}: {len(standing)} proposals stand, {len(merged)} are merged, {len(said)} merges were told"
        if (run["phase"] == "merged") != bool(merged):
            yield f"run {run['id']} is {run['phase']} with {len(merged)} merged proposals"
        for proposal in merged:
            yield from _approved(history, run, proposal)


def _approved(history: History, run: Row, proposal: Row) -> Iterable[str]:
    bound = [proposal[name] for name in ("head", "base", "digest")]
    approvals = [one for one in history.approvals if one["run_id"] == run["id"] and one["void_at"] is None]
    if not any([one[name] for name in ("head", "base", "digest")] == bound for one in approvals):
        yield f"run {run['id']}: {proposal['head'][:7]} was merged, and nobody approved exactly that"
    times = history.branch.count(proposal["merge_new"])
    if times != 1:
        yield f"run {run['id']}: its merge {proposal['merge_new'][:7]} is in the branch {times} times"


def money(history: History) -> Iterable[str]:
    """What the ledger says was spent is what the journal of calls says, call by call."""
    journal = Counter[tuple[str, str]]()
    for call in history.calls:
        journal[f"run:{call['run_id']}", call["call"]] += int(call["settled"])
    told = Counter[tuple[str, str]]()
    for event in history.events:
        if event["kind"] == "spent":
            told[event["stream"], event["body"]["call"]] += event["body"]["micro"]
    for stream, call in journal.keys() | told.keys():
        if journal[stream, call] != told[stream, call]:
            yield f"{stream}: {call} cost {journal[stream, call]} by the journal and {told[stream, call]} by the ledger"


PROMISES = (
    dense, once, fenced, shown, one_attempt, checkpoint_of_head, audited, commanded, decided_once, merged_once, money,
)  # fmt: skip
