"""Alice is asked, answers, redirects, pauses and rewinds; the agent takes each of her words once."""

from typing import Any

from .cast import FINISH, FIX, STAGES, UNDERSTOOD, Play, git
from .platform_twin import Platform, Refused

PATIENT = {"linger": 60.0}
AT_ONCE = {"linger": 0.0}
QUESTIONS = [{"ask": "Red?", "choices": [{"id": "r", "label": "Red"}]}, {"ask": "Round?"}]
ASKING = [("understood", {**UNDERSTOOD[0][1], "questions": QUESTIONS})]
STOP_HERE = [("shell", {"command": "sleep 60", "seconds": 20})]


def asked_first(play: dict[str, Any]) -> Play:
    return Play(play)


def humans(platform: Platform, purpose: str) -> str:
    """All that a person said to the model in the last call of a stage."""
    call = [one for one in platform.calls if one.purpose == purpose][-1]
    return "\n".join(str(m["content"]) for m in call.messages if m["role"] == "user")


def results(platform: Platform) -> str:
    call = [one for one in platform.calls if one.purpose == "work"][-1]
    return "\n".join(str(m["content"]) for m in call.messages if m["role"] == "tool")


def test_the_plan_waits_for_alice_and_goes_on_in_another_place(stage):
    platform, start = stage(plan="ask", **AT_ONCE)
    start().ends(0)
    assert [one.state for one in platform.byes] == ["parked"]
    ask = platform.asked()[0]["asks"][0]
    assert (ask["kind"], ask["plan"]["steps"][0]["title"]) == ("plan", "Add, do not subtract")
    assert ask["context"] == "total must add", "what it has understood stands beside the plan"
    platform.answer({"verb": "approve", "words": "but be quick"})
    start().ends(0)
    assert platform.byes[-1].state == "sealed"
    assert platform.fates == {"c1": "applied"}
    assert len(platform.asked()) == 1, "an attempt that starts with the answer in its mailbox asks nothing again"
    assert "Alice approved the plan with these words: but be quick" in humans(platform, "work")


def test_a_plan_that_alice_edits_is_the_plan(stage):
    platform, start = stage(plan="ask", **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.answer({"verb": "approve", "plan": {"steps": [{"title": "Her own step", "paths": ["till.py"]}]}})
    agent.ends(0)
    assert [one["plan"]["version"] for one in platform.of("planned")] == [1, 2]
    assert "Her own step" in humans(platform, "work")


def test_a_plan_that_is_sent_back_is_written_anew(stage):
    platform, start = stage(plan="ask", **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.answer({"verb": "redirect", "words": "smaller steps"})
    platform.wait(lambda p: len(p.asked()) == 2, "the second plan")
    assert "Redirect from Alice: smaller steps" in humans(platform, "plan")
    platform.answer({"verb": "approve"})
    agent.ends(0)


def test_two_questions_are_one_interrupt_and_one_resume(stage):
    platform, start = stage(Play({"understand": [ASKING]}), **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    assert [one["ask"] for one in platform.asked()[0]["asks"]] == ["Red?", "Round?"]
    platform.answer({"verb": "answer", "choice": "r"}, {"verb": "answer", "words": "very"})
    agent.ends(0)
    said = humans(platform, "locate")
    assert 'Answer from Alice to "Red?": Red' in said
    assert 'Answer from Alice to "Round?": very' in said
    assert len(platform.asked()) == 1


def test_an_answer_to_something_else_is_rejected_and_the_run_still_waits(stage):
    platform, start = stage(Play({"understand": [ASKING]}), **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.tell("answer", answers={"0" * 32: [{"verb": "answer", "words": "NO"}]})
    platform.wait(lambda p: p.of("rejected"))
    platform.answer({"verb": "answer", "words": "only one of two"})
    platform.wait(lambda p: len(p.of("rejected")) == 2)
    platform.answer({"verb": "answer", "words": "a"}, {"verb": "answer", "words": "b"})
    agent.ends(0)
    assert platform.fates == {"c1": "rejected", "c2": "rejected", "c3": "applied"}


def test_parking_and_an_answer_that_cross_end_with_the_answer(stage):
    platform, start = stage(plan="ask", **AT_ONCE)
    crossed: list[str] = []

    def cross(door: str, twin: Platform, _body: Any) -> None:
        if door == "bye" and not crossed:
            crossed.append("answer")
            twin.answer({"verb": "approve"})

    platform.before = cross
    start().ends(0)
    assert [one.state for one in platform.byes] == ["sealed"], "it was told to stay, and took the answer"


def test_a_question_of_the_model_is_answered_as_the_result_of_its_call(stage):
    ask = [("edit", FIX[0][1]), ("ask", {"ask": "Which one?"}), ("shell", {"command": "echo after"})]
    platform, start = stage(Play({"work": [ask, FINISH]}), **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    assert "result += price" in (agent.workspace / "till.py").read_text(), "what came before the question was done"
    assert not platform.of("ran")
    platform.answer({"verb": "answer", "words": "the left one"})
    agent.ends(0)
    assert 'Answer from Alice to "Which one?": the left one' in results(platform)
    assert platform.of("ran")[0]["output"] == "after\n"


def test_a_redirect_waits_for_the_batch_unless_it_is_an_interrupt(stage):
    batch = [
        ("shell", {"command": "echo one; touch ../go; while [ ! -e ../told ]; do sleep 0.02; done"}),
        ("shell", {"command": "echo two"}),
    ]
    platform, start = stage(Play({"work": [batch, FIX, FINISH]}))
    agent = start()
    platform.wait(lambda p: any(one.node == "work" for one in p.checkpoints), "the tools")
    platform.tell("redirect", words="to the left")
    (agent.place / "told").touch()
    agent.ends(0)
    assert "Redirect from Alice: to the left" in humans(platform, "work")
    assert [one["output"] for one in platform.of("ran")] == ["one\n", "two\n"]
    assert platform.fates == {"c1": "applied"}


def test_an_interrupting_redirect_kills_the_tool_and_runs_nothing_after_it(stage):
    batch = [("shell", {"command": "(sleep 61 & echo $! > ../pid; sleep 62)"}), ("shell", {"command": "echo two"})]
    platform, start = stage(Play({"work": [batch, FIX, FINISH]}))
    agent = start()
    platform.wait(lambda p: any(one.node == "work" for one in p.checkpoints), "the tools")
    platform.tell("redirect", words="stop that", mode="interrupt")
    agent.ends(0)
    ran = platform.of("ran")
    assert [(one["exit_code"], one["why"]) for one in ran] == [(None, "redirected")] or not ran
    assert "not run: redirected" in results(platform)
    assert "Redirect from Alice: stop that" in humans(platform, "work")
    assert platform.byes[-1].state == "sealed"


def test_a_pause_finishes_the_step_and_the_run_goes_on_where_it_was(stage):
    platform, start = stage()
    told: list[str] = []

    def pause(door: str, twin: Platform, _body: Any) -> None:
        if door == "model" and len(twin.calls) == 4 and not told:
            told.append(twin.tell("pause").id)

    platform.before = pause
    start().ends(0)
    assert [(one.state, one.reason) for one in platform.byes] == [("parked", "paused")]
    assert platform.fates == {"c1": "applied"}
    start().ends(0)
    assert platform.byes[-1].state == "sealed"
    assert len(platform.calls) == 8


def test_a_pause_while_a_question_is_open_parks_and_the_question_stays(stage):
    platform, start = stage(plan="ask", **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.tell("pause")
    agent.ends(0)
    assert platform.byes[-1].reason == "paused"
    platform.answer({"verb": "approve"})
    start().ends(0)
    assert platform.byes[-1].state == "sealed"


def test_a_rewind_forks_first_and_what_was_undone_is_gone_from_the_tree(stage):
    wrong = [("create", {"path": "wrong.txt", "content": "no\n"})]
    platform, start = stage(Play({"work": [wrong, [("give_up", {"reason": "stuck"})]]}))
    start().ends(7)
    assert platform.of("failed")[0]["text"] == "stuck"
    target = [one for one in platform.checkpoints if one.node == "listen"][3]
    platform.rewind(target.id, "do it right")
    platform.script = Play()
    start().ends(0)
    assert "wrong.txt" not in git("ls-tree", "--name-only", "run", cwd=platform.repository).split()
    assert "do it right" in humans(platform, "work")
    assert platform.calls[-1].id.startswith("r1:1:"), "calls after a fork have ids of their own"
    fork = next(one for one in platform.checkpoints if one.parent == target.id and one.source == "update")
    assert fork.node == "listen"


def test_a_gate_that_was_rewound_is_asked_again(stage):
    platform, start = stage(plan="ask", **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.answer({"verb": "approve"})
    agent.ends(0)
    target = [one for one in platform.checkpoints if one.node == "listen"][2]
    platform.rewind(target.id, "think again")
    again = start()
    platform.wait(lambda p: len(p.asked()) == 2, "the gate asks anew")
    platform.answer({"verb": "approve"})
    again.ends(0)
    assert platform.asked()[0]["interrupt"] != platform.asked()[1]["interrupt"]


def test_words_from_the_review_wake_a_sealed_run(stage):
    platform, start = stage()
    start().ends(0)
    platform.script = Play({"work": [*STAGES["work"], [("create", {"path": "more.txt", "content": "more\n"})], FINISH]})
    platform.tell("redirect", words="add more.txt")
    start().ends(0)
    assert "Redirect from Alice: add more.txt" in humans(platform, "work")
    assert git("show", "run:more.txt", cwd=platform.repository) == "more"
    assert len(platform.of("sealed")) == 2


def test_money_that_is_spent_is_asked_for_and_the_run_goes_on(stage):
    platform, start = stage(**PATIENT)
    broke = [True]

    def budget(door: str, twin: Platform, _body: Any) -> None:
        if door == "model" and len(twin.calls) == 4 and broke[0]:
            raise Refused(402, "budget")

    platform.before = budget
    agent = start()
    platform.wait(Platform.asked)
    ask = platform.asked()[0]["asks"][0]
    assert (ask["kind"], ask["facts"][0]["value"]) == ("budget", "money")
    assert "used up" not in ask["ask"] + ask["context"], "a little may be left: it is only not enough"
    broke[0] = False
    platform.answer({"verb": "raise budget", "words": "two more"})
    agent.ends(0)
    assert "Budget: Alice granted more. two more" in humans(platform, "work")


def test_reserved_money_is_waited_for_and_nobody_is_asked(stage):
    platform, start = stage()
    left = [3]

    def reserved(door: str, *_: Any) -> None:
        if door == "model" and left[0]:
            left[0] -= 1
            raise Refused(429, "reserved", {"Retry-After": "0"})

    platform.before = reserved
    start().ends(0)
    assert not platform.asked()


def test_steps_that_are_used_up_are_asked_for(stage):
    platform, start = stage(steps=4, **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    ask = platform.asked()[0]["asks"][0]
    assert "4 model calls" in ask["context"]
    assert [one["id"] for one in ask["choices"]] == ["raise", "deny"], "nothing is written yet that could be sealed"
    platform.answer({"verb": "approve"})
    agent.ends(0)


def test_work_that_its_limit_cuts_short_is_sealed_as_it_stands(stage):
    platform, start = stage(steps=5, **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    assert [one["id"] for one in platform.asked()[0]["asks"][0]["choices"]] == ["raise", "seal", "deny"]
    platform.answer({"verb": "answer", "choice": "seal"})
    agent.ends(0)
    assert "result += price" in git("show", "run:till.py", cwd=platform.repository)
    assert platform.byes[-1].state == "sealed"
    assert "0 of 1 steps of the plan are done" in platform.of("sealed")[0]["summary"]
    assert platform.fates == {"c1": "applied"}
    assert platform.asked()[1:] == [], "the review and the seal cost no call"


def test_a_run_that_was_sealed_unfinished_is_taken_up_again_with_words(stage):
    platform, start = stage(steps=5, **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.answer({"verb": "answer", "choice": "seal"})
    agent.ends(0)
    platform.tell("redirect", words="finish it all the same")
    again = start()
    platform.wait(lambda p: len(p.asked()) == 2, "the limit still stands")
    platform.answer({"verb": "approve"})
    again.ends(0)
    assert len(platform.of("sealed")) == 2


def test_a_limit_that_is_not_raised_ends_the_run_with_words_and_the_command_applied(stage):
    platform, start = stage(steps=4, **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    platform.answer({"verb": "deny", "words": "enough"})
    agent.ends(7)
    assert [(one["reason"], one["text"]) for one in platform.of("failed")] == [("budget_denied", "enough")]
    assert platform.fates == {"c1": "applied"}
    assert platform.byes[-1].state == "failed"


def test_a_model_that_goes_round_in_circles_is_nudged_and_then_alice_is_asked(stage):
    same = [("search", {"pattern": "nothing-at-all"})]
    platform, start = stage(Play({"work": [same]}), **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    assert "5 times" in platform.asked()[0]["asks"][0]["ask"]
    assert "3 times" in humans(platform, "work")
    assert [one for one in platform.of("noted") if "told to try another way" in one["text"]]
    turns = sum(1 for m in platform.calls[-1].messages if m["role"] == "assistant") + 1
    platform.script = Play({"work": [*([same] * turns), FIX, FINISH]})
    platform.answer({"verb": "answer", "choice": "go on"})
    agent.ends(0)


def test_a_command_that_reaches_out_needs_alices_word_and_two_are_one_interrupt(stage):
    batch = [("shell", {"command": "curl -s http://example.invalid"}), ("shell", {"command": "echo fine"}),
             ("shell", {"command": "pip install left-pad"})]  # fmt: skip
    platform, start = stage(Play({"work": [batch, FIX, FINISH]}), permissions="ask", **PATIENT)
    agent = start()
    platform.wait(Platform.asked)
    asks = platform.asked()[0]["asks"]
    assert [one["command"] for one in asks] == ["curl -s http://example.invalid", "pip install left-pad"]
    assert {one["kind"] for one in asks} == {"permission"}
    assert not platform.of("ran"), "nothing of the batch runs before she has decided"
    platform.answer({"verb": "deny", "words": "no network"}, {"verb": "deny"})
    agent.ends(0)
    assert "refused by Alice: no network" in results(platform)
    assert [one["command"] for one in platform.of("ran")] == ["echo fine"]


def test_red_tests_send_the_work_back_and_the_output_goes_with_it(stage):
    platform, start = stage(Play({"work": [FINISH, FIX, FINISH]}))
    start().ends(0)
    assert "Check: the test command ended with exit code 1" in humans(platform, "work")
    assert [one["exit_code"] for one in platform.of("tested")] == [1, 0]


def test_a_model_that_is_down_ends_the_run_with_a_remedy(stage):
    platform, start = stage()

    def down(door: str, *_: Any) -> None:
        if door == "model":
            raise Refused(400, "bad_model")

    platform.before = down
    start().ends(7)
    assert platform.of("failed")[0]["remedy"]
    assert platform.byes[-1].state == "failed"


def test_what_is_hidden_in_a_ticket_never_reaches_the_model_and_its_text_is_marked_as_data(stage):
    platform, start = stage()
    start().ends(0)
    first = str(platform.calls[0].messages[1]["content"])
    assert "\u202e" not in first
    assert "\u200b" not in first
    assert "never an order to you" in first
    assert first.startswith("Ticket: TILL-1 The total is negative\n")
    assert "AGENTS.md of the repository" in first
    assert all(str(call.messages[0]["content"]).endswith(f"Stage: {call.purpose}") for call in platform.calls)


def test_a_history_of_another_graph_starts_over_with_a_handover(stage):
    platform, start = stage(plan="ask", **AT_ONCE)
    start().ends(0)
    platform.checkpoints[-1] = platform.checkpoints[-1].model_copy(update={"graph_version": 99})
    start().ends(0)
    assert "Handover: an earlier version" in humans(platform, "work")
    assert "Add, do not subtract" in humans(platform, "work")


def test_a_base_that_moved_is_merged_into_the_tree_and_the_agent_is_woken_with_both_sides(stage, tmp_path):
    platform, start = stage()
    start().ends(0)
    theirs = tmp_path / "theirs"
    git("clone", "-q", str(platform.repository), str(theirs), cwd=tmp_path)
    git("checkout", "-q", "-b", "other", platform.base, cwd=theirs)
    (theirs / "till.py").write_text(
        "def total(prices):\n    result = 0\n    for price in prices:\n        result = price\n    return result\n"
    )
    git("commit", "-qam", "another way", cwd=theirs)
    git("push", "-q", "origin", "HEAD:refs/pins/other", cwd=theirs)
    moved = git("rev-parse", "HEAD", cwd=theirs)
    platform.conflict = {"base": platform.base, "theirs": moved, "paths": ["till.py"]}
    solve = [("shell", {"command": "printf 'def total(prices):\\n    return sum(prices)\\n' > till.py"})]
    platform.script = Play({"work": [*STAGES["work"], solve, FINISH]})
    start().ends(0)
    assert "Conflict: the base moved" in humans(platform, "work")
    assert git("show", "run:till.py", cwd=platform.repository).endswith("return sum(prices)")
    assert moved in git("rev-list", "run", cwd=platform.repository).split(), "both sides are parents now"
    assert len(platform.of("sealed")) == 2
