"""Fixtures: a platform twin with a repository, served on loopback, and agents that end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .cast import FILES, TICKET, Agent, Play, config, make_repository
from .platform_twin import Platform, Served


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`platform, start = stage(…)`: start() begins an attempt."""
    made: list[Any] = []

    def build(
        play: Any = None, files: dict[str, str] | None = None, **settings: Any
    ) -> tuple[Platform, Callable[..., Agent]]:
        bare, base = make_repository(tmp_path, {**FILES, **(files or {})})
        platform = Platform(bare, base, TICKET, config(**settings), play or Play())
        served = Served(platform)
        made.append(served)

        def start(**env: str) -> Agent:
            agent = Agent(platform, served, tmp_path, **env)
            made.append(agent)
            return agent

        return platform, start

    yield build
    for one in reversed(made):
        one.close()
