"""Every way out of an attempt is an exception. Those with a code end the process; `LimitReached` goes to the limit node."""

from collections.abc import Sequence


class Leaving(Exception):
    """Ends the attempt with `code`, the process's exit code."""

    code = 1


class Fenced(Leaving):
    """Another attempt has this run now: leave without a word more."""

    code = 3


class Stopped(Leaving):
    """A person stopped the run."""

    code = 4


class Exposed(Leaving):
    """The place answers where it must not: untrusted text is not read here."""

    code = 5


class Misconfigured(Leaving):
    """Nothing the agent does can mend this: no clone, a welcome that does not fit, a wrong setting."""

    code = 6


class GaveUp(Leaving):
    """The agent cannot go on. `remedy` tells a person what to do; a `failed` event carries all three.

    `applied` names the commands whose answer was this end: no checkpoint will carry them.
    """

    code = 7

    def __init__(self, reason: str, text: str, remedy: str = "", applied: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.reason, self.text, self.remedy, self.applied = reason, text, remedy, list(applied)


class Parked(Leaving):
    """The state is stored and the place can go: a person has to answer, or asked for a pause."""

    code = 0

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LimitReached(Exception):
    """The run's patience ended: `kind` is steps, seconds, money or model. The limit node asks a person."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.text = kind, text


class BudgetSpent(LimitReached):
    """The gateway answered 402."""

    def __init__(self, text: str) -> None:
        super().__init__("money", text)


class ModelDown(LimitReached):
    """The model's endpoint has failed this call again and again: a person looks at it, the run waits."""

    def __init__(self, text: str) -> None:
        super().__init__("model", text)


class Refusal(Exception):
    """A door said no for good, in a way that the caller has to read: 404, 409 conflict, 413, 422."""

    def __init__(self, status: int, reason: str, text: str, body: dict[str, object]) -> None:
        super().__init__(f"{status} {reason}: {text}")
        self.status, self.reason, self.text, self.body = status, reason, text, body
