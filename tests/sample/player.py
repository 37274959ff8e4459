"""A small agent for tests: plays a ticket of the sample with the rehearsal model and plain tools on a real checkout.

It shows the model what deckhand shows it (its stages, its tools, how a person's words arrive) and is otherwise as small as can be.
"""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from quarterdeck.outside.models.port import Call, Endpoint
from quarterdeck.outside.models.rehearsal import Rehearsal
from quarterdeck.sample.tickets import SampleTicket

ENDPOINT = Endpoint("rehearsal", "rehearsal", "")
ENDS = {"understood", "places", "plan", "reviewed", "finish", "give_up"}
EVERYWHERE = "*"
MOST_TURNS = 60

Json = dict[str, Any]


def git(tree: Path, *arguments: str, check: bool = True) -> str:
    who = ["-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=tree, check=check, capture_output=True, text=True).stdout


@cache
def rehearsal() -> Rehearsal:
    return Rehearsal(pace=0)


def ask(messages: list[Json], stage: str) -> tuple[Json, Json]:
    """One model call: the message and the usage."""
    provider, body = rehearsal(), {"model": "rehearsal", "messages": messages}
    call = Call("call", "run", stage, "chat/completions", body)

    async def whole() -> bytes:
        return b"".join([piece async for piece in provider.stream(ENDPOINT, call)])

    data = json.loads(asyncio.run(whole()))
    return data["choices"][0]["message"], data["usage"]


@dataclass
class Player:
    """`interrupt`: (after so many tool calls in work, a person's words). `end`: sealed or given up."""

    tree: Path
    ticket: SampleTicket
    answer: str = ""
    redirect_plan: str = ""
    interrupt: tuple[int, str] | None = None
    said: list[tuple[str, Json]] = field(default_factory=list)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    usages: list[Json] = field(default_factory=list)
    plans: list[Json] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)
    places: list[Json] = field(default_factory=list)
    reds: int = 0
    end: str = ""
    reason: str = ""
    summary: str = ""
    worked: int = 0

    def play(self) -> "Player":
        self.questions = self._until("understand", "understood")["questions"]
        for question in self.questions:
            self._hear(f'Answer from Alice to "{question["ask"]}": {self.answer}')
        self.places = self._until("locate", "places")["places"]
        self.plans.append(self._until("plan", "plan"))
        if self.redirect_plan:
            self._hear(f"Redirect from Alice: {self.redirect_plan}")
            self.plans.append(self._until("plan", "plan"))
        return self.work()

    def work(self, words: str = "") -> "Player":
        """Works until it is sealed or given up; `words` come first."""
        if words:
            self._hear(words, "work")
        self.end = ""
        while not self.end:
            done = self._until("work", "finish")
            if "reason" in done:
                self.end, self.reason = "given up", done["reason"]
                return self
            self.summary = done["summary"]
            self._check()
        return self

    def _check(self) -> None:
        code, output = self._run(f"{TEST}")
        if code:
            self.reds += 1
            self._hear(f"Check: the test command ended with exit code {code}. Repair what is broken.\n{output}", "work")
        elif self._until("review", "reviewed")["verdict"] == "seal":
            self.end = "sealed"

    def _hear(self, text: str, stage: str = EVERYWHERE) -> None:
        self.said.append((stage, {"role": "user", "content": text}))

    def _until(self, stage: str, act: str) -> Json:
        for _ in range(MOST_TURNS):
            message, usage = ask(self._messages(stage), stage)
            self.usages.append(usage)
            self.said.append((stage, message))
            ended = self._act(stage, message.get("tool_calls", []))
            if ended is not None:
                return ended
        raise AssertionError(f"{stage} did not end")

    def _act(self, stage: str, calls: list[Json]) -> Json | None:
        for place, call in enumerate(calls):
            if stage == "work" and self.interrupt and self.worked >= self.interrupt[0]:
                return self._interrupted(calls[place:])
            name, args = call["function"]["name"], json.loads(call["function"]["arguments"])
            self.calls.append((name, args))
            self.worked += stage == "work"
            self._result(call, "taken" if name in ENDS else self._tool(name, args))
            if name in ENDS:
                return args
        return None

    def _interrupted(self, left: list[Json]) -> None:
        assert self.interrupt
        for call in left:
            self._result(call, "not run: redirected")
        self._hear(f"Redirect from Alice: {self.interrupt[1]}")
        self.interrupt = None

    def _result(self, call: Json, text: str) -> None:
        stage = self.said[-1][0]
        self.said.append((stage, {"role": "tool", "tool_call_id": call["id"], "content": text}))

    def _messages(self, stage: str) -> list[Json]:
        """As deckhand shows it: this stage's own turns, and a person's words from anywhere."""
        listed = "\n".join(f"- {p['path']}:{p['line']} {p['symbol']} {p['why']}" for p in self.places)
        steps = "\n".join(f"{n}. {s['title']}" for n, s in enumerate(self.plans[-1]["steps"])) if self.plans else ""
        opening = f"Ticket: {self.ticket.key} {self.ticket.title}\n\n{self.ticket.description}\n\nPlaces:\n{listed}\n\n{steps}"
        first = [{"role": "system", "content": f"You work.\n\nStage: {stage}"}, {"role": "user", "content": opening}]
        return first + [message for of, message in self.said if of in (stage, EVERYWHERE)]

    def _tool(self, name: str, args: Json) -> str:
        return getattr(self, f"_{name}")(**args)

    def _view(self, path: str, start: int = 1, lines: int = 80) -> str:
        rows = (self.tree / path).read_text().splitlines()[start - 1 : start - 1 + lines]
        return "\n".join(f"{n:>5}  {row}" for n, row in enumerate(rows, start))

    def _search(self, pattern: str, path: str = ".") -> str:
        hits = []
        for file in sorted((self.tree / path).rglob("*") if (self.tree / path).is_dir() else [self.tree / path]):
            if file.is_file() and file.suffix in (".py", ".md", ".txt") and ".git" not in file.parts:
                rows = enumerate(file.read_text().splitlines(), 1)
                hits += [f"{file.relative_to(self.tree)}:{n}:{row}" for n, row in rows if re.search(pattern, row)]
        return "\n".join(hits) or "nothing matches"

    def _edit(self, path: str, old: str, new: str) -> str:
        text = (self.tree / path).read_text()
        if text.count(old) != 1:
            return f"error: old does not stand in {path} once"
        (self.tree / path).write_text(text.replace(old, new))
        if path.endswith(".py"):
            compile((self.tree / path).read_text(), path, "exec")
        return f"{path}: changed"

    def _create(self, path: str, content: str) -> str:
        if (self.tree / path).exists():
            return f"error: {path} exists: use edit"
        (self.tree / path).write_text(content)
        return f"{path}: created"

    def _shell(self, command: str, seconds: int = 60) -> str:
        code, output = self._run(command)
        return f"exit code {code}\n{output}"

    def _test(self, args: str = "") -> str:
        return self._shell(f"{TEST} {args}")

    def _progress(self, index: int, state: str, note: str = "") -> str:
        assert 0 <= index < len(self.plans[-1]["steps"])
        return f"step {index} is {state}"

    def _run(self, command: str) -> tuple[int, str]:
        command = command.replace("python3 ", f"{sys.executable} -B ", 1)
        ran = subprocess.run(command, shell=True, cwd=self.tree, capture_output=True, text=True, timeout=60)
        return ran.returncode, ran.stdout + ran.stderr


TEST = "python3 tools/run_tests.py --report report.xml"
