"""A tracker that lives as long as its process: for tests, and to try something out."""

from quarterdeck.outside.tracker.board import Board, MemoryStore
from quarterdeck.outside.tracker.port import Issue


def memory(issues: list[Issue] | None = None) -> Board:
    return Board(MemoryStore(issues))
