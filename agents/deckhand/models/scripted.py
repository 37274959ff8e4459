"""The twin of a model: answers by a script, as a pure function of what it is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from deckhand.models.port import Call

Answer = Mapping[str, Any]
"""{text, calls: [[name, arguments], …]}"""


def say(text: str = "", *calls: tuple[str, dict[str, Any]]) -> Answer:
    return {"text": text, "calls": list(calls)}


@dataclass
class Scripted:
    """`script` gives a stage's answers in order; the number of answers in the history says which comes next."""

    script: Mapping[str, Sequence[Answer]]
    calls: list[Call] = field(default_factory=list)
    heard: list[list[BaseMessage]] = field(default_factory=list)
    before: Callable[[Call], None] = lambda _call: None

    async def answer(self, call: Call, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> AIMessage:
        self.before(call)
        self.calls.append(call)
        self.heard.append(messages)
        turn = sum(1 for message in messages if message.type == "ai")
        answers = self.script[call.purpose]
        return as_message(answers[min(turn, len(answers) - 1)], f"{call.purpose}-{turn}")


def as_message(answer: Answer, label: str) -> AIMessage:
    calls = [
        {"name": name, "args": dict(args), "id": f"{label}-{index}", "type": "tool_call"}
        for index, (name, args) in enumerate(answer["calls"])
    ]
    return AIMessage(content=answer["text"], tool_calls=calls, response_metadata={"finish_reason": "stop"})
