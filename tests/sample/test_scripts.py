"""Each ticket of the sample is played to its end by real tool calls on a real checkout."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deckhand.tools import offer
from quarterdeck.sample.repository import build
from quarterdeck.sample.tickets import SampleTicket, project, tickets
from sample.player import Player, git

TICKETS = {ticket.key: ticket for ticket in tickets()}
LIGHT = "That is too heavy. Use what is there."
CHANGED = {
    "LARK-1": {"larkfield/money.py", "larkfield/refunds.py", "tests/known_red.txt", "tests/test_money.py"},
    "LARK-2": {"larkfield/slugs.py", "tests/test_slugs.py"},
    "LARK-3": {"docs/rules.md", "larkfield/export.py", "tests/test_export.py"},
    "LARK-4": {"larkfield/shipping.py", "tests/test_express.py"},
    "LARK-5": {"larkfield/shipping.py", "tests/test_islands.py"},
    "LARK-6": {"larkfield/orders.py", "tests/test_orders.py"},
    "LARK-7": {"larkfield/catalog.py", "larkfield/invoice.py", "larkfield/money.py", "tests/test_catalog.py"},
    "LARK-8": {"larkfield/catalog.py", "tests/test_weights.py"},
}
LIGHTLY_CHANGED = {"larkfield/catalog.py", "tests/test_catalog.py"}

Start = Callable[..., Player]
Played = Callable[[str], Player]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """A player for a ticket on a checkout of its own; those of one test share an origin."""
    origin = tmp_path / "origin.git"
    build(origin)

    def started(key: str, name: str = "", **more: object) -> Player:
        return Player(clone(origin, tmp_path / (name or key)), TICKETS[key], **more)  # type: ignore[arg-type]

    return started


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A ticket played from its first word to its end without a redirect, once for all tests that only look at it."""
    done: dict[str, Player] = {}
    origin = tmp_path_factory.mktemp("origins") / "sample.git"
    build(origin)

    def of(key: str) -> Player:
        if key not in done:
            tree = clone(origin, tmp_path_factory.mktemp("played") / key)
            done[key] = Player(tree, TICKETS[key], answer="Count after the discount").play()
        return done[key]

    return of


def clone(origin: Path, tree: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(origin), str(tree)], check=True)
    return tree


def changed(player: Player) -> set[str]:
    return {line[3:] for line in git(player.tree, "status", "--porcelain", "--untracked-files=all").splitlines()}


def commit(player: Player, branch: str) -> None:
    git(player.tree, "checkout", "--quiet", "-b", branch)
    git(player.tree, "add", "--all")
    git(player.tree, "commit", "--quiet", "-m", player.summary or "work")
    git(player.tree, "push", "--quiet", "origin", branch)


def failing(player: Player) -> int:
    output = player._test()
    return int(output.split(" failed")[0].rpartition(" ")[2])


@pytest.mark.parametrize("key", sorted(TICKETS))
def test_every_ticket_ends_sealed_with_the_files_it_should_change(played: Played, key: str) -> None:
    player = played(key)
    assert (player.end, player.reason) == ("sealed", "")
    assert player.reds == 0
    assert changed(player) == CHANGED[key]
    assert failing(player) == (0 if key == "LARK-1" else 1)


@pytest.mark.parametrize("key", sorted(TICKETS))
def test_every_change_is_in_the_plan_and_every_citation_has_its_line(played: Played, key: str) -> None:
    player = played(key)
    planned = {path for step in player.plans[-1]["steps"] for path in step["paths"]}
    assert changed(player) <= planned
    cited = [c for step in player.plans[-1]["steps"] for c in step["citations"] if c["line"]]
    assert cited
    for citation in [*cited, *(p for p in player.places if p["line"])]:
        line = git(player.tree, "show", f"HEAD:{citation['path']}").splitlines()[citation["line"] - 1]
        assert citation["symbol"].rpartition(".")[2] in line


def test_the_first_ticket_sees_the_test_fail_before_it_changes_anything(played: Played) -> None:
    names = [name for name, _ in played("LARK-1").calls]
    assert names.index("test") < names.index("edit")


def test_the_feature_fails_its_own_test_once_and_is_repaired(played: Played) -> None:
    player = played("LARK-3")
    results = [m["content"] for _, m in player.said if m["role"] == "tool" and "exit code" in m["content"]]
    assert ["exit code 1" in one.splitlines()[0] for one in results] == [True, False]
    assert "order.placed <= until" in (player.tree / "larkfield/export.py").read_text()


def test_the_unclear_ticket_asks_and_offers_choices(played: Played) -> None:
    asked = [choice["id"] for choice in played("LARK-6").questions[0]["choices"]]
    assert asked == ["after", "before"]
    assert not any(played(key).questions for key in TICKETS if key != "LARK-6")


@pytest.mark.parametrize("words", ["Count before the discount", "before", "take the sum before, please"])
def test_the_answer_decides_which_code_is_written(start: Start, words: str) -> None:
    player = start("LARK-6", answer=words).play()
    assert player.end == "sealed"
    assert changed(player) == {"docs/rules.md", "tests/test_orders.py"}
    assert player.plans[0]["steps"][-1]["title"] == "Correct the rules"


@pytest.mark.parametrize("words", ["Count after the discount", "after, not before", "as the rules say"])
def test_another_answer_gives_other_code(start: Start, words: str) -> None:
    assert changed(start("LARK-6", answer=words).play()) == CHANGED["LARK-6"]


def test_a_redirect_at_the_plan_gives_a_lighter_plan_and_lighter_work(start: Start) -> None:
    player = start("LARK-7", redirect_plan=LIGHT).play()
    assert [len(plan["steps"]) for plan in player.plans] == [3, 1]
    assert player.end == "sealed"
    assert changed(player) == LIGHTLY_CHANGED


@pytest.mark.parametrize("after", range(4, 18))
def test_a_redirect_in_the_middle_of_the_work_ends_with_the_lighter_code(start: Start, after: int) -> None:
    player = start("LARK-7", interrupt=(after, LIGHT)).play()
    assert (player.end, player.reason) == ("sealed", "")
    assert changed(player) == LIGHTLY_CHANGED
    assert "PRICES" not in (player.tree / "larkfield/catalog.py").read_text()
    assert not any("no other way" in (message.get("content") or "") for _, message in player.said)


@pytest.mark.parametrize("key", [f"LARK-{n}" for n in (1, 2, 3, 4, 5, 8)])
def test_a_plan_that_is_sent_back_is_written_again_and_the_story_goes_on(start: Start, key: str) -> None:
    """Their scripts know no other plan: the same one comes again, whole, with plain words about it."""
    player = start(key, redirect_plan="Do it another way.").play()
    assert len(player.plans) == 2
    assert player.plans[0] == player.plans[1]
    assert player.end == "sealed"
    assert any("no other way" in (m.get("content") or "") for _, m in player.said if m["role"] == "assistant")


def test_a_second_redirect_does_no_harm(start: Start) -> None:
    player = start("LARK-7", redirect_plan=LIGHT, interrupt=(4, "Still lighter!")).play()
    assert player.end == "sealed"
    assert changed(player) == LIGHTLY_CHANGED


def test_a_redirect_that_no_script_knows_is_read_and_said_to_change_nothing(start: Start) -> None:
    player = start("LARK-2", interrupt=(5, "Write it in Rust.")).play()
    assert player.end == "sealed"
    assert changed(player) == CHANGED["LARK-2"]
    assert any("no other way" in (m.get("content") or "") for _, m in player.said if m["role"] == "assistant")


def test_a_redirect_at_review_is_answered_plainly(start: Start) -> None:
    player = start("LARK-2").play()
    player.work("Redirect from Alice: Rename the function.")
    assert player.end == "sealed"
    assert "no other way" in player.summary


@pytest.mark.parametrize(("first", "second"), [("LARK-4", "LARK-5"), ("LARK-5", "LARK-4")])
def test_the_two_shipping_tickets_conflict_and_the_second_brings_both_together(
    start: Start, first: str, second: str
) -> None:
    one, two = start(first).play(), start(second).play()
    commit(one, "one")
    commit(two, "two")
    git(two.tree, "fetch", "--quiet", "origin")
    assert "<<<<<<<" not in (two.tree / "larkfield/shipping.py").read_text()
    assert "CONFLICT" in git(two.tree, "merge-tree", "--write-tree", "HEAD", "origin/one", check=False)
    git(two.tree, "merge", "--no-commit", "origin/one", check=False)
    two.work("Conflict: larkfield/shipping.py was changed on main as well; the merge stands in your tree with markers.")
    assert (two.end, two.reason) == ("sealed", "")
    text = (two.tree / "larkfield/shipping.py").read_text()
    assert "<<<<<<<" not in text
    assert "EXPRESS" in text
    assert "ISLANDS" in text
    assert failing(two) == 1


@pytest.mark.parametrize(("first", "second"), [("LARK-4", "LARK-5"), ("LARK-5", "LARK-4")])
def test_a_shipping_ticket_that_starts_after_the_other_was_merged_works_too(
    start: Start, first: str, second: str
) -> None:
    one = start(first).play()
    commit(one, "one")
    two = start(second)
    git(two.tree, "reset", "--quiet", "--hard", "origin/one")
    assert two.play().end == "sealed"
    assert failing(two) == 1


def test_a_conflict_that_no_script_knows_ends_honestly(start: Start) -> None:
    player = start("LARK-2").play()
    player.work("Conflict: larkfield/slugs.py was changed on main as well.")
    assert player.end == "given up"
    assert "Connect a model endpoint in settings" in player.reason


def test_a_merge_without_markers_is_left_to_the_tests(start: Start) -> None:
    player = start("LARK-2").play()
    player.work("Conflict: the base moved; conflict markers stand in: no file, it merged cleanly. Finish again.")
    assert player.end == "sealed"
    assert "merged cleanly" in player.summary


def test_all_tickets_but_the_conflicting_ones_merge_one_after_the_other(start: Start) -> None:
    main = start("LARK-1", name="main")
    for key in sorted(TICKETS):
        if key != "LARK-5":
            player = start(key, answer="Count after the discount").play()
            commit(player, key)
            git(main.tree, "fetch", "--quiet", "origin")
            git(main.tree, "merge", "--quiet", "--no-edit", f"origin/{key}")
    assert failing(main) == 0


def spent(player: Player) -> list[int]:
    """Micro-units after each call, by the sample's virtual prices."""
    prices, total, sums = project()["model"], 0, []
    for usage in player.usages:
        total += usage["prompt_tokens"] * prices["in_micro_per_m_tok"] // 1_000_000
        total += usage["completion_tokens"] * prices["out_micro_per_m_tok"] // 1_000_000
        sums.append(total)
    return sums


@pytest.mark.parametrize("key", sorted(TICKETS))
def test_only_the_last_ticket_exceeds_its_budget_and_in_the_middle_of_the_work(played: Played, key: str) -> None:
    player = played(key)
    sums, cap = spent(player), TICKETS[key].cap_micro
    if key != "LARK-8":
        assert sums[-1] < cap // 2
        return
    over = next(n for n, total in enumerate(sums) if total > cap)
    assert 6 < over < len(sums) - 4
    assert sums[-1] < 2 * cap


def test_a_raise_of_the_budget_goes_on_where_it_stopped(start: Start) -> None:
    plain, raised = start("LARK-8").play(), start("LARK-8", name="raised", interrupt=None)
    raised._hear("Budget: Alice granted more.")
    assert raised.play().end == "sealed"
    assert [name for name, _ in raised.calls] == [name for name, _ in plain.calls]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("LARK-1", "larkfield/refunds.py"),
        ("LARK-2", "larkfield/slugs.py"),
        ("LARK-3", "larkfield/export.py"),
        ("LARK-4", "larkfield/shipping.py"),
        ("LARK-5", "larkfield/shipping.py"),
        ("LARK-6", "larkfield/orders.py"),
        ("LARK-7", "larkfield/catalog.py"),
        ("LARK-8", "larkfield/catalog.py"),
    ],
)
def test_code_that_is_not_as_expected_is_given_up_with_what_was_seen(start: Start, key: str, path: str) -> None:
    player = start(key, answer="after")
    code = (player.tree / path).read_text()
    for old in (
        "-(-order.discount()",
        "name.lower()",
        "orders: Iterable",
        "HEAVIEST = 30_000",
        "self.cart.subtotal() >=",
        "str(product.price",
        "int(self.weight",
    ):
        code = code.replace(old, f"other({old}")
    (player.tree / path).write_text(code)
    player.play()
    assert player.end == "given up"
    assert "rehearsal model" in player.reason
    assert "I expected" in player.reason
    assert "Connect a model endpoint in settings" in player.reason


def test_red_from_the_check_that_no_script_knows_ends_honestly(start: Start) -> None:
    player = start("LARK-2")
    cart = player.tree / "larkfield/cart.py"
    cart.write_text(cart.read_text().replace("count < 1", "count < 0"))
    player.play()
    assert (player.end, player.reds) == ("given up", 1)
    assert "test_refuses_a_count_of_zero" in player.reason


def test_a_ticket_of_a_persons_own_is_not_pretended(start: Start) -> None:
    player = start("LARK-1")
    player.ticket = SampleTicket("ACME-7", "Fly to the moon", "Please.", "Story", "Low", [], "Bob", 1, "")
    player.play()
    assert player.end == "given up"
    assert "cannot write code" in player.reason
    assert "Connect a model endpoint in settings" in player.reason
    assert not changed(player)


def test_everything_that_is_said_fits_the_agents_tools(played: Played) -> None:
    for key in TICKETS:
        for name, args in played(key).calls:
            offer.arguments(name, args)
