"""The only errors that cross a room's border. Provider errors stop at their adapter and become one of these.

Refused           the answer is no, and asking again changes nothing until somebody acts
TryLater(after)   not now; `after` seconds from now it may go
GaveUp            tried as often as is sensible; a person must look
"""


class Refused(Exception):
    """`reason` is one word for machines, the text one sentence for people, `remedy` what to do about it."""

    def __init__(self, text: str, *, reason: str = "refused", remedy: str = "", status: int = 409) -> None:
        super().__init__(text)
        self.text, self.reason, self.remedy, self.status = text, reason, remedy, status


class TryLater(Exception):
    """`after` is in seconds."""

    def __init__(self, text: str, *, after: float = 1.0, reason: str = "busy") -> None:
        super().__init__(text)
        self.text, self.after, self.reason = text, after, reason


class GaveUp(Exception):
    def __init__(self, text: str, *, reason: str = "gave_up", remedy: str = "") -> None:
        super().__init__(text)
        self.text, self.reason, self.remedy = text, reason, remedy
