"""Which provider speaks which protocol, and which body its caller may send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from quarterdeck.outside.models import anthropic_body, openai_body
from quarterdeck.outside.models.anthropic import Anthropic
from quarterdeck.outside.models.openai import OpenAI
from quarterdeck.outside.models.port import Provider
from quarterdeck.outside.models.rehearsal import Rehearsal


@dataclass(frozen=True)
class Dialect:
    """A protocol as agents speak it: where it is asked for, what may be asked, and how an answer is kept short."""

    path: str
    clean: Callable[[Any], dict[str, Any]]
    capped: Callable[[dict[str, Any], int], dict[str, Any]]


DIALECTS: Mapping[str, Dialect] = {
    "openai": Dialect("v1/chat/completions", openai_body.clean, openai_body.capped),
    "anthropic": Dialect("v1/messages", anthropic_body.clean, anthropic_body.capped),
}


def providers(web: httpx.AsyncClient, *, pace: float, scripts: Path | None = None) -> dict[str, Provider]:
    """One provider per endpoint protocol, all on this client: for one event loop."""
    rehearsal = Rehearsal(scripts, pace=pace) if scripts else Rehearsal(pace=pace)
    return {"openai": OpenAI(web), "anthropic": Anthropic(web), "rehearsal": rehearsal}
