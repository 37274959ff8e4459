"""The check's side of the agents' doors."""

from quarterdeck.flow.checks import hello, report

__all__ = ["hello", "report"]
