import pytest

from quarterdeck.record.models import Attempt
from testkit.hand import Hand
from testkit.remotes import remote  # noqa: F401


@pytest.fixture
def hand(attempt: Attempt) -> Hand:
    """It has said hello."""
    made = Hand(attempt)
    made.hello()
    return made
