"""What every port.Repos must do. The same tests run on disk and over the internal port."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from quarterdeck.doors.git_internal import Internal
from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos.client import RemoteRepos
from quarterdeck.outside.repos.port import Repos
from testkit.listening import on_socket
from testkit.origins import git
from testkit.servers import short_folder

NONE = "0" * 40


def reason(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.reason


class ReposContract:
    """A subclass gives the fixture `repos`, which sees the fixture `world`."""

    def test_a_mirror_tells_every_branch(self, repos: Repos, world) -> None:
        side = world.origin.commit({"x": b"1\n"}, branch="topic/x", parent=world.base)
        assert repos.mirror(world.repository, world.url) == {"main": world.base, "topic/x": side}

    def test_an_empty_repository_is_said_to_be_empty(self, repos: Repos, world, tmp_path: Path) -> None:
        (tmp_path / "empty.git").mkdir()
        git(tmp_path / "empty.git", "init", "-q", "--bare")
        with pytest.raises(Refused) as caught:
            repos.mirror(str(uuid4()), str(tmp_path / "empty.git"))
        assert reason(caught) == "empty_repository"

    def test_a_missing_repository_is_said_to_be_missing(self, repos: Repos, world, tmp_path: Path) -> None:
        with pytest.raises(Refused) as caught:
            repos.mirror(str(uuid4()), f"file://{tmp_path}/nowhere.git")
        assert (reason(caught), caught.value.status) == ("no_such_repository", 404)

    def test_a_run_begins_at_its_base_and_opening_twice_is_once(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"new\n"})
        repos.open_run(world.run, world.repository, world.base)
        assert repos.head(world.run) == head

    def test_a_run_is_not_opened_on_a_commit_that_the_project_lacks(self, repos: Repos, world) -> None:
        with pytest.raises(Refused) as caught:
            repos.open_run(str(uuid4()), world.repository, "a" * 40)
        assert reason(caught) == "no_such_commit"

    def test_a_closed_run_is_gone_and_closing_twice_is_once(self, repos: Repos, world) -> None:
        repos.close_run(world.run)
        repos.close_run(world.run)
        with pytest.raises(Refused) as caught:
            repos.head(world.run)
        assert reason(caught) == "no_such_repository"
        assert git(world.mirror_folder, "for-each-ref", "refs/pins") == ""

    def test_it_knows_which_commits_it_has(self, repos: Repos, world) -> None:
        assert repos.has_commit(world.run, world.base)
        assert not repos.has_commit(world.run, "a" * 40)

    def test_a_file_is_no_commit(self, repos: Repos, world) -> None:
        blob = git(world.run_folder, "rev-parse", f"{world.base}:app.py")
        assert not repos.has_commit(world.run, blob)

    def test_a_pinned_commit_survives_a_rewind(self, repos: Repos, world) -> None:
        step = world.work({"app.py": b"one\n"})
        repos.pin(world.run, 1, step)
        git(world.run_folder, "update-ref", "refs/heads/run", world.base)
        assert git(world.run_folder, "for-each-ref", "--contains", step, "--format=%(refname)") == "refs/steps/1"

    def test_the_same_manifests_have_one_digest_and_a_changed_one_another(self, repos: Repos, world) -> None:
        bare = repos.manifests(world.run, world.base)
        other_code = world.work({"app.py": b"other\n", "docs/requirements.md": b"none\n"})
        assert repos.manifests(world.run, other_code) == bare
        needs = world.work({"tools/requirements-dev.txt": b"one==1\n"})
        digest = repos.manifests(world.run, needs)
        assert (len(digest), digest != bare) == (64, True)
        assert repos.manifests(world.run, world.work({"tools/requirements-dev.txt": b"one==2\n"})) != digest
        assert repos.manifests(world.run, world.work({"tools/requirements-dev.txt": None})) == bare

    @pytest.mark.parametrize(
        "name", ["pyproject.toml", "a/package-lock.json", "build.gradle.kts", "requirements/x.txt"]
    )
    def test_a_manifest_counts_by_its_name(self, repos: Repos, world, name: str) -> None:
        assert repos.manifests(world.run, world.work({name: b"x\n"})) != repos.manifests(world.run, world.base)

    def test_the_manifests_of_a_commit_that_is_not_there_are_refused(self, repos: Repos, world) -> None:
        with pytest.raises(Refused) as caught:
            repos.manifests(world.run, "a" * 40)
        assert reason(caught) == "no_such_commit"

    def test_freezing_needs_the_head_as_it_was_seen(self, repos: Repos, world) -> None:
        world.work({"app.py": b"later\n"})
        with pytest.raises(Refused) as caught:
            repos.freeze(world.run, world.base)
        assert reason(caught) == "moved"

    def test_a_diff_lists_counts_and_patches(self, repos: Repos, world) -> None:
        head = world.work(
            {"app.py": b"def total(rows):\n    return sum(rows) + 1\n", "new.py": b"x = 1\n", "README.md": None}
        )
        diff = repos.diff(world.run, world.base, head)
        assert [(f.path, f.status, f.added, f.removed) for f in diff.files] == [
            ("README.md", "deleted", 0, 1), ("app.py", "changed", 1, 1), ("new.py", "added", 1, 0),
        ]  # fmt: skip
        assert diff.files[1].patch.startswith("diff --git a/app.py b/app.py\n")
        assert "+    return sum(rows) + 1\n" in diff.files[1].patch
        assert (diff.added, diff.removed, diff.commits, diff.truncated) == (2, 2, 1, False)

    def test_a_digest_stays_for_the_same_change_and_differs_for_another(self, repos: Repos, world) -> None:
        first = repos.diff(world.run, world.base, world.work({"app.py": b"one\n"}))
        again = repos.diff(
            world.run, world.base, world.work({"app.py": b"one\n"}, parent=world.base, message="said anew")
        )
        other = repos.diff(world.run, world.base, world.work({"app.py": b"two\n"}))
        assert first.digest == again.digest
        assert first.head != again.head
        assert first.digest != other.digest

    def test_a_change_stays_the_same_on_a_base_that_moved_elsewhere(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"def total(rows):\n    return sum(rows) + 1\n", "logo.bin": b"\0one"})
        asked = repos.diff(world.run, world.base, head)
        newer = world.origin.commit({"other.py": b"theirs\n", "src/a/b.txt": None})
        repos.tip(world.run, world.url, "main")
        merged = repos.merge_commit(world.run, newer, head, message="m", author="Alice <a@example.org>", at=1)
        after = repos.diff(world.run, newer, merged)
        assert after.change == asked.change
        assert after.digest != asked.digest

    def test_a_change_is_another_when_its_lines_or_neighbours_are(self, repos: Repos, world) -> None:
        body = [b"line %d\n" % n for n in range(9)]
        start = world.work({"f": b"".join(body), "b": b"\0one"})
        bodies = {
            "line": [*body[:8], b"new\n"], "other line": [*body[:8], b"else\n"], 
            "neighbour": [*body[:5], b"x\n", body[6], body[7], b"new\n"],
        }  # fmt: skip
        found = {
            repos.diff(world.run, start, world.work({"f": b"".join(b)}, parent=start)).change for b in bodies.values()
        }
        found |= {
            repos.diff(world.run, start, world.work({"b": b}, parent=start)).change for b in (b"\0two", b"\0three")
        }
        assert len(found) == 5

    def test_a_diff_of_an_unknown_commit_is_refused(self, repos: Repos, world) -> None:
        with pytest.raises(Refused) as caught:
            repos.diff(world.run, world.base, "a" * 40)
        assert reason(caught) == "no_such_commit"

    def test_a_log_tells_what_the_head_adds(self, repos: Repos, world) -> None:
        one = world.work({"app.py": b"one\n"}, message="first step\n\nwith a body")
        two = world.work({"app.py": b"two\n"}, message="second step")
        lines = repos.log(world.run, world.base, two)
        assert [(line.sha, line.title, line.at) for line in lines] == [
            (two, "second step", 1700000000), (one, "first step", 1700000000),
        ]  # fmt: skip

    def test_a_blob_comes_back_byte_for_byte(self, repos: Repos, world) -> None:
        head = world.work({"data.bin": bytes(range(256))})
        assert repos.blob(world.run, head, "data.bin") == bytes(range(256))
        with pytest.raises(Refused) as caught:
            repos.blob(world.run, head, "src")
        assert reason(caught) == "no_such_file"

    def test_a_clean_merge_is_the_same_commit_each_time(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        newer = world.origin.commit({"other.py": b"theirs\n"})
        assert repos.tip(world.run, world.url, "main") == newer
        assert repos.preview(world.run, newer, head).clean
        words = {"message": "Merge SHOP-1\n", "author": "Alice <alice@example.org>", "at": 1_700_000_123}
        first = repos.merge_commit(world.run, newer, head, **words)
        assert repos.merge_commit(world.run, newer, head, **words) == first
        assert git(world.run_folder, "log", "-1", "--format=%P|%an|%ae|%at|%ct", first) == (
            f"{newer} {head}|Alice|alice@example.org|1700000123|1700000123"
        )
        assert git(world.run_folder, "rev-parse", f"refs/merges/{first}") == first

    def test_a_conflict_names_its_paths_and_makes_no_commit(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        newer = world.origin.commit({"app.py": b"theirs\n"})
        repos.tip(world.run, world.url, "main")
        preview = repos.preview(world.run, newer, head)
        assert (preview.clean, preview.tree, preview.conflicts) == (False, "", ["app.py"])
        with pytest.raises(Refused) as caught:
            repos.merge_commit(world.run, newer, head, message="m", author="Alice <a@example.org>", at=1)
        assert reason(caught) == "conflict"

    def test_publishing_moves_the_branch_once(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        assert repos.publish(world.run, world.url, "main", old=world.base, new=head)
        assert world.origin.head() == head
        assert repos.publish(world.run, world.url, "main", old=world.base, new=head)

    def test_publishing_is_done_when_the_branch_went_on_from_there(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        repos.publish(world.run, world.url, "main", old=world.base, new=head)
        world.origin.commit({"more.py": b"1\n"})
        assert repos.publish(world.run, world.url, "main", old=world.base, new=head)

    def test_publishing_onto_a_branch_that_stands_elsewhere_changes_nothing(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        newer = world.origin.commit({"more.py": b"1\n"})
        assert not repos.publish(world.run, world.url, "main", old=world.base, new=head)
        assert world.origin.head() == newer

    def test_publishing_makes_a_new_branch_where_none_was(self, repos: Repos, world) -> None:
        assert repos.publish(world.run, world.url, "topic", old=NONE, new=world.base)
        assert world.origin.head("topic") == world.base

    def test_a_repository_that_refuses_says_why(self, repos: Repos, world) -> None:
        head = world.work({"app.py": b"ours\n"})
        git(world.origin.path, "config", "receive.maxInputSize", "1")
        with pytest.raises(Refused) as caught:
            repos.publish(world.run, world.url, "main", old=world.base, new=head)
        assert reason(caught) == "push_refused"
        assert world.origin.head() == world.base

    @pytest.mark.parametrize(
        "url", ["ext::sh -c id", "git://h/x", "-oProxyCommand=id", "ssh://h/x", "relative/x", "file://h/x"]
    )
    def test_an_address_that_could_run_something_is_no_address(self, repos: Repos, world, url: str) -> None:
        with pytest.raises(Refused) as caught:
            repos.mirror(world.repository, url)
        assert reason(caught) == "bad_name"

    def test_a_projects_address_never_lies_in_our_own_folder(self, repos: Repos, world) -> None:
        for url in (f"file://{world.run_folder}", f"{world.origin.path}/../../repos/runs/{world.run}.git"):
            with pytest.raises(Refused) as caught:
                repos.mirror(world.repository, url)
            assert reason(caught) == "bad_name"
            with pytest.raises(Refused):
                repos.publish(world.run, url, "run", old=world.base, new=world.base)

    @pytest.mark.parametrize(
        "branch", ["-x", "--upload-pack=id", "a..b", "a/-b", "a.lock", "a b", "@{1}", "", "a//b", "x\n"]
    )
    def test_a_branch_name_is_never_an_option_or_a_path(self, repos: Repos, world, branch: str) -> None:
        with pytest.raises(Refused) as caught:
            repos.publish(world.run, world.url, branch, old=world.base, new=world.base)
        assert reason(caught) == "bad_name"

    @pytest.mark.parametrize("run", ["../mirrors/x", "-x", "", "A" * 36, "0" * 36])
    def test_a_run_is_named_by_its_id_and_nothing_else(self, repos: Repos, world, run: str) -> None:
        with pytest.raises(Refused) as caught:
            repos.head(run)
        assert reason(caught) == "bad_name"


class TestOnDisk(ReposContract):
    @pytest.fixture
    def repos(self, world) -> Repos:
        return world.store


class TestOverTheInternalPort(ReposContract):
    @pytest.fixture
    def repos(self, world) -> Iterator[Repos]:
        with on_socket(Internal(world.store), short_folder() / "git-internal.sock") as path:
            client = RemoteRepos(path)
            yield client
            client.close()

    def test_a_silent_service_means_later(self, tmp_path: Path) -> None:
        with pytest.raises(TryLater) as caught:
            RemoteRepos(str(tmp_path / "nobody.sock")).head(str(uuid4()))
        assert caught.value.reason == "git_service_away"

    def test_a_busy_repository_means_later_with_the_seconds(self, repos: Repos, world) -> None:
        with world.store.folders.lock(f"ref-{world.run}", wait=0):
            with pytest.raises(TryLater) as caught:
                repos.freeze(world.run, world.base)
        assert (caught.value.reason, caught.value.after) == ("busy", 1.0)

    def test_arguments_that_do_not_fit_are_refused(self, repos: RemoteRepos) -> None:
        with pytest.raises(Refused) as caught:
            repos._ask("head", runn="x")
        assert reason(caught) == "malformed"

    def test_only_the_ports_methods_can_be_asked_for(self, repos: RemoteRepos) -> None:
        with pytest.raises(Refused) as caught:
            repos._ask("take", run="x")
        assert reason(caught) == "not_found"
