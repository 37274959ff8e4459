"""A git service whose remotes answer as a test says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.outside import plugs
from quarterdeck.outside.repos.store import Store


class Remote(Store):
    """It counts who asked. An answer is raised, or called before the real one comes."""

    def __init__(self, root: Path, *answers: Exception | Callable[[], None] | None) -> None:
        super().__init__(root)
        object.__setattr__(self, "answers", list(answers))
        object.__setattr__(self, "asked", [])

    def mirror(self, repository: str, url: str, **more: Any) -> dict[str, str]:
        self.asked.append(repository)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer:
            answer()
        return super().mirror(repository, url, **more)


@pytest.fixture
def remote(store: Store) -> Callable[..., Remote]:
    def answer(*answers: Exception | Callable[[], None] | None) -> Remote:
        made = Remote(store.root, *answers)
        plugs.fit("repos", made)
        return made

    return answer
