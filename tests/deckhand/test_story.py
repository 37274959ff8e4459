"""A whole ticket with a scripted model, a real shell and a real repository."""

from .cast import git


def test_a_ticket_goes_from_hello_to_a_sealed_branch(stage):
    platform, start = stage()
    start().ends(0)
    head = git("rev-parse", "run", cwd=platform.repository)
    assert "result += price" in git("show", "run:till.py", cwd=platform.repository)
    assert platform.of("sealed") == [{"kind": "sealed", "head": head, "summary": "total adds."}]
    assert [one.state for one in platform.byes] == ["sealed"]
    assert platform.head_commit == head
    assert platform.of("tested")[-1]["exit_code"] == 0
    assert {"understood", "planned", "said", "read", "edited", "tested", "noted"} <= set(platform.kinds())
