"""An agent played by hand: it speaks to the flows as the doors do, one act at a time, so that a test decides what comes when."""

import base64
import hashlib
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deckwire.base import Message
from deckwire.check import CheckReport, TreeResult
from deckwire.envelope import Batch, Bye, Envelope, Hello, Leave, Numbered, Part, Step, Stored, Welcome, Write, Writes
from deckwire.events import Applied, Asked, Sealed
from deckwire.requests import Ask
from deckwire.tokens import derive
from deckwire.words import AttemptState, Audience
from quarterdeck.flow import checks, ingest, leave, mail, reconcile, welcome
from quarterdeck.record import tokens
from quarterdeck.record.models import Attempt, Check, Run


@dataclass
class Hand:
    """`hello` first. Each step makes a checkpoint of its own; `n` numbers the events as an agent does."""

    attempt: Attempt
    nonce: str = "nonce-1"
    n: int = 0
    steps: int = 0
    welcome: Welcome | None = None
    last: Step | None = None
    made: list[str] = field(default_factory=list)

    def hello(self) -> Welcome:
        said = Hello(secret=tokens.one_time_secret(self.attempt.id), nonce=self.nonce)
        self.welcome = welcome.hello(said)
        return self.welcome

    def bearer(self, audience: Audience = Audience.STEP) -> tokens.Bearer:
        assert self.welcome is not None, "say hello first"
        found = tokens.find(derive(self.welcome.session, audience), audience)
        assert found is not None
        return found

    def number(self, event: Message) -> Numbered:
        self.n += 1
        return Numbered(n=self.n, at=1.7e9, body=event.model_dump(mode="json"))

    def say(self, *events: Message) -> Stored:
        return ingest.events(
            self.bearer(), Batch(epoch=self.attempt.epoch, events=[self.number(one) for one in events])
        )

    def step(self, *events: Message, node: str = "listen", commit: str = "", id: str = "") -> Stored:
        self.steps += 1
        data = f"state {self.attempt.epoch}/{self.steps}".encode()
        part = Part(digest=hashlib.sha256(data).hexdigest(), type="msgpack", data=base64.b64encode(data).decode())
        envelope = Envelope(
            thread="main", id=id or str(uuid.uuid4()), step=self.steps, source="loop", node=node, commit=commit,
            manifest={"all": part.digest}, refs=[part.digest], digest=hashlib.sha256(data + node.encode()).hexdigest(),
        )  # fmt: skip
        numbered = [self.number(one) for one in events]
        self.last = Step(epoch=self.attempt.epoch, checkpoint=envelope, parts=[part], events=numbered)
        self.made.append(envelope.id)
        return ingest.step(self.bearer(), self.last)

    def again(self) -> Stored:
        """The answer was lost: the same step once more."""
        assert self.last is not None
        return ingest.step(self.bearer(), self.last)

    def ask(self, *asks: Ask, interrupt: str = "i-1") -> Stored:
        return self.step(Asked(interrupt=interrupt, asks=list(asks)), node="ask")

    def interrupt(self, *asks: Ask, interrupt: str = "i-1") -> Stored:
        """As LangGraph does: the ask rides with pending writes on the head, without a checkpoint of its own."""
        assert self.made, "an interrupt needs a checkpoint to lie on"
        data = f"interrupt {interrupt}".encode()
        part = Part(digest=hashlib.sha256(data).hexdigest(), type="msgpack", data=base64.b64encode(data).decode())
        write = Write(task="t", idx=-3, channel="__interrupt__", ref=part.digest)
        group = Writes(thread="main", checkpoint=self.made[-1], writes=[write])
        event = self.number(Asked(interrupt=interrupt, asks=list(asks)))
        return ingest.step(self.bearer(), Step(epoch=self.attempt.epoch, parts=[part], writes=[group], events=[event]))

    def mail(self, after: int = 0) -> list[Any]:
        return list(mail.waiting(self.bearer(Audience.SESSION), after).commands)

    def apply(self, *ids: str) -> Stored:
        return self.step(Applied(commands=list(ids)))

    def seal(self, head: str, summary: str = "Done as planned.") -> Stored:
        return self.step(Sealed(head=head, summary=summary), node="seal", commit=head)

    def bye(self, state: AttemptState = AttemptState.PARKED, reason: str = "parked") -> Leave:
        return leave.bye(self.bearer(Audience.SESSION), Bye(state=state, reason=reason))


def finish_check(run: Run, trees: dict[str, TreeResult]) -> None:
    """The run's check, played by hand too: it says hello and reports these trees."""
    check = Check.objects.get(run=run, state__in=["queued", "running"])
    (order,) = [one for one in reconcile.compare([]) if isinstance(one, checks.CreateCheck)]
    told = checks.hello(Hello(secret=order.spec.secret, nonce="n"))
    bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    assert bearer is not None
    assert bearer.id == check.id
    checks.report(bearer, CheckReport(trees=trees))


def commit(repository: Path, files: dict[str, str], *, message: str = "Work in progress", parent: str = "") -> str:
    """Writes files on top of refs/heads/run (or `parent`) in a bare repository and moves the ref: a push without the wire."""

    def git(*args: str, stdin: str = "") -> str:
        env = {"GIT_INDEX_FILE": str(repository / "hand.index"), "PATH": "/usr/bin:/bin", "GIT_AUTHOR_NAME": "a",
               "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
        done = subprocess.run(
            ["git", "--git-dir", str(repository), *args], input=stdin, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    parent = parent or git("rev-parse", "refs/heads/run")
    git("read-tree", parent)
    for path, text in files.items():
        blob = git("hash-object", "-w", "--stdin", stdin=text)
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    sha = git("commit-tree", git("write-tree"), "-p", parent, "-m", message)
    git("update-ref", "refs/heads/run", sha)
    return sha
