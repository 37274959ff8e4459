"""The history checker is itself tried: a small clean history, and one planted fault after another that it must catch."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from testkit.history import History, check

pytestmark = pytest.mark.faults
RUN, STREAM = "r1", "run:r1"


def event(seq: int, kind: str, *, epoch: int = 0, n: int | None = None, **body: object) -> dict[str, object]:
    return {
        "stream": STREAM,
        "seq": seq,
        "kind": kind,
        "epoch": epoch,
        "n": n,
        "actor": "x",
        "body": {"kind": kind, **body},
    }


def moved(seq: int, was: str, to: str) -> dict[str, object]:
    return event(seq, "moved", was=was, to=to)


EVENTS = [
    event(1, "opened"),
    event(2, "attempted", epoch=1, state="created"),
    moved(3, "queued", "working"),
    event(4, "said", epoch=1, n=1, text="hm"),
    event(5, "spent", epoch=1, call="c1", micro=700),
    event(6, "applied", epoch=1, n=2, commands=["k1"]),
    event(7, "attempted", epoch=2, state="created"),
    event(8, "said", epoch=2, n=1, text="on"),
    event(9, "applied", epoch=2, n=2, commands=["k2"]),
    event(10, "merged", sha="m"),
    moved(11, "working", "merged"),
]  # fmt: skip
BOUND = {"head": "h", "base": "b", "digest": "d"}


def command(n: int, **more: object) -> dict[str, object]:
    row = {
        "id": f"k{n}",
        "run_id": RUN,
        "n": n,
        "decision_id": f"d{n}",
        "verb": "redirect",
        "fate": "applied",
        "for_agent": True,
    }
    return {**row, "body": {}, **more}


def clean() -> History:
    return deepcopy(
        History(
            events=EVENTS,
            heads=[{"stream": STREAM, "seq": 11, "epoch": 2, "frozen": True}],
            runs=[{"id": RUN, "phase": "merged", "epoch": 2, "head": "cp1", "next_command": 3}],
            attempts=[{"run_id": RUN, "epoch": 1, "state": "lost"}, {"run_id": RUN, "epoch": 2, "state": "sealed"}],
            commands=[command(1), command(2)],
            decisions=[
                {"id": f"d{n}", "run_id": RUN, "key": f"k{n}", "actor": "alice", "verb": "redirect"} for n in (1, 2)
            ],
            requests=[
                {"id": "q1", "run_id": RUN, "interrupt": "i", "index": 0, "state": "decided", "decision_id": "d1"}
            ],
            proposals=[{"run_id": RUN, **BOUND, "merge_new": "m", "merged": True, "void": False}],
            approvals=[{"run_id": RUN, **BOUND, "void_at": None, "decision_id": "d2"}],
            checkpoints=[{"run_id": RUN, "checkpoint": "cp1"}],
            calls=[{"run_id": RUN, "call": "c1", "variant": 0, "state": "done", "settled": 700}],
            audits=[
                {"verb": "moved", "object": STREAM, "body": {"was": was, "to": to}}
                for was, to in (("queued", "working"), ("working", "merged"))
            ],
            seen=deepcopy([EVENTS[3], EVENTS[7]]),
            branch=["m", "b"],
        )
    )


def test_a_clean_history_is_clean() -> None:
    assert check(clean()) == []


def drop(seq: int) -> Callable[[History], object]:
    """An event is gone and the later ones have closed the gap, as a store that forgot would look."""

    def plant(history: History) -> None:
        del history.events[seq - 1]
        for later in history.events[seq - 1 :]:
            later["seq"] -= 1
        history.heads[0]["seq"] -= 1

    return plant


def swap(history: History) -> None:
    history.events[3], history.events[4] = history.events[4], history.events[3]


def old_epoch(history: History) -> None:
    history.events[8] = event(9, "said", epoch=1, n=3, text="I am still here") | {"seq": 9}


def in_another_order(history: History) -> None:
    history.commands[0]["id"], history.commands[1]["id"] = "k2", "k1"


def applied_again(history: History) -> None:
    history.events[8]["body"]["commands"] = ["k2", "k1"]


FAULTS: dict[str, tuple[Callable[[History], object], str]] = {
    "a lost event leaves a hole": (lambda h: h.events.pop(3), "not 1, 2, 3"),
    "a lost event whose hole was closed": (drop(4), "lost [1]"),
    "a shown event that is gone": (drop(8), "was shown"),
    "a shown event that says something else": (lambda h: h.events[3]["body"].update(text="ho"), "was shown as said"),
    "an event twice": (lambda h: h.events[7].update(n=2), "said [2] twice"),
    "events in another order": (swap, "not 1, 2, 3"),
    "a head that points behind": (lambda h: h.heads[0].update(seq=9), "the head says 9"),
    "an old epoch that still writes": (old_epoch, "epoch 1 wrote after 2 began"),
    "two attempts that live": (lambda h: [one.update(state="running") for one in h.attempts], "live"),
    "an old attempt that lives": (lambda h: h.attempts[0].update(state="running"), "live"),
    "an epoch given twice": (lambda h: h.attempts[0].update(epoch=2), "given twice"),
    "a head without its checkpoint": (lambda h: h.checkpoints.clear(), "no stored checkpoint"),
    "a move nobody audited": (lambda h: h.audits.pop(), "the audit says otherwise"),
    "a phase no move leads to": (lambda h: h.runs[0].update(phase="failed"), "do not lead to failed"),
    "a decision without a command": (lambda h: h.commands.pop(), "has 0 commands"),
    "a decision with two commands": (lambda h: h.commands.append(command(3, decision_id="d2")), "has 2 commands"),
    "a command that never ended": (lambda h: h.commands[1].update(fate="delivered"), "has not ended"),
    "a command applied twice": (applied_again, "applied twice"),
    "commands applied in another order": (in_another_order, "in the order [2, 1]"),
    "a command that only says it was applied": (lambda h: h.events[8]["body"].update(commands=[]), "no event of the agent"),
    "an ask with two rows": (lambda h: h.requests.append({**h.requests[0], "id": "q2"}), "is there 2 times"),
    "a decision taken twice by its key": (lambda h: h.decisions[1].update(key="k1"), "was taken 2 times"),
    "a request decided by nobody": (lambda h: h.requests[0].update(decision_id=None), "decided by nobody"),
    "a second merge": (lambda h: h.branch.insert(0, "m"), "is in the branch 2 times"),
    "a merge that is not in the branch": (lambda h: h.branch.remove("m"), "is in the branch 0 times"),
    "a merge of what nobody approved": (lambda h: h.approvals[0].update(head="other"), "nobody approved exactly that"),
    "a second proposal": (lambda h: h.proposals.append({**h.proposals[0], "merged": False}), "2 proposals stand"),
    "a call that was paid and never told": (lambda h: h.calls.append({**h.calls[0], "call": "c2"}), "c2 cost 700"),
    "money told that no call spent": (lambda h: h.calls.clear(), "c1 cost 0"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_it_catches(fault: str) -> None:
    plant, words = FAULTS[fault]
    history = clean()
    plant(history)
    found = check(history)
    assert any(words in sentence for sentence in found), found or "nothing was found"
