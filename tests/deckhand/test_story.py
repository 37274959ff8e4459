"""A whole ticket with a scripted model, a real shell and a real repository."""

from .cast import STAGES, Play, git


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


def test_typing_and_terminal_flow_only_while_somebody_watches(stage):
    platform, start = stage(Play({"work": [[("shell", {"command": "echo to-the-terminal"})], *STAGES["work"][1:]]}))
    start().ends(0)
    assert platform.deltas == []
    platform.watched = True
    platform.rewind(next(one.id for one in platform.checkpoints if one.node == "listen"), "again")
    start().ends(0)
    seen = {(one["kind"], one["text"]) for one in platform.deltas}
    assert any(kind == "terminal" and "to-the-terminal" in text for kind, text in seen)
    assert any(kind == "typing" and "work" in text for kind, text in seen)


def test_a_model_whose_plans_never_fit_ends_the_run_before_it_eats_the_budget(stage):
    platform, start = stage(Play({"plan": [[("plan", {"steps": "do it"})]]}))
    start().ends(7)
    (failed,) = platform.of("failed")
    assert failed["reason"] == "model_silent"
