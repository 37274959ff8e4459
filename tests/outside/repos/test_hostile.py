"""Repositories made to deceive: whatever they bring, the review shows or counts every changed byte."""

import pytest

from quarterdeck.outside.repos import paths
from quarterdeck.outside.repos.port import Diff, DiffFile
from testkit.origins import git

from .conftest import World

EVIL = b"import os\nos.system('x')\n"


def reviewed(world: World, files: dict, **words: str) -> Diff:
    return world.store.diff(world.run, world.base, world.work(files, **words))


def only(diff: Diff) -> DiffFile:
    assert len(diff.files) == 1
    return diff.files[0]


def named(diff: Diff, path: str) -> DiffFile:
    return next(file for file in diff.files if file.path == path)


@pytest.mark.parametrize(
    "words",
    ["-diff", "binary", "linguist-generated", "-text", "filter=x", "ident", "working-tree-encoding=UTF-16", "eol=crlf"],
)
def test_attributes_of_the_repository_hide_nothing(world: World, words: str) -> None:
    diff = reviewed(world, {".gitattributes": f"* {words}\n".encode(), "app.py": EVIL})
    assert "+os.system('x')" in named(diff, "app.py").patch
    assert "protected" in named(diff, ".gitattributes").badges


def test_attributes_that_git_obeys_all_the_same_hide_nothing(world: World) -> None:
    """Were there ever a way to them: what git calls binary is looked at again."""
    (world.run_folder / "info").mkdir()
    (world.run_folder / "info" / "attributes").write_text("*.py -diff\n")
    diff = reviewed(world, {"app.py": EVIL, "evil.py": EVIL})
    assert [(f.path, f.added, f.badges) for f in diff.files] == [("app.py", 2, []), ("evil.py", 2, [])]
    assert all("+os.system('x')" in file.patch for file in diff.files)


def test_a_replace_ref_forges_no_review(world: World) -> None:
    head = world.work({"app.py": EVIL})
    evil = git(world.run_folder, "rev-parse", f"{head}:app.py")
    innocent = git(world.run_folder, "rev-parse", f"{head}:README.md")
    git(world.run_folder, "update-ref", f"refs/replace/{evil}", innocent)
    assert git(world.run_folder, "show", f"{head}:app.py") == "A small shop."
    assert "+os.system('x')" in only(world.store.diff(world.run, world.base, head)).patch
    assert world.store.blob(world.run, head, "app.py") == EVIL


def test_grafts_forge_no_history(world: World) -> None:
    head = world.work({"app.py": EVIL})
    (world.run_folder / "info").mkdir()
    (world.run_folder / "info" / "grafts").write_text(f"{head}\n")
    assert world.store.preview(world.run, world.base, head).clean


def test_a_symlink_is_shown_with_its_target_and_a_badge(world: World) -> None:
    head = world.work({"link": ("120000", b"/etc/passwd"), "app.py": ("120000", b"../../x")})
    diff = world.store.diff(world.run, world.base, head)
    assert ["symlink" in file.badges for file in diff.files] == [True, True]
    assert "+/etc/passwd" in named(diff, "link").patch
    assert "+../../x" in named(diff, "app.py").patch
    assert "-def total(rows):" in named(diff, "app.py").patch
    assert world.store.blob(world.run, head, "link") == b"/etc/passwd"


def test_a_folder_swapped_for_a_symlink_shows_both_sides(world: World) -> None:
    diff = reviewed(world, {"src/a/b.txt": None, "src": ("120000", b"/")})
    assert {file.path: file.status for file in diff.files} == {"src": "added", "src/a/b.txt": "deleted"}


def test_a_submodule_is_a_badge_and_its_bump_is_a_line(world: World) -> None:
    modules = b'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c id\n\tupdate = !id\n'
    diff = reviewed(world, {".gitmodules": modules, "x": ("160000", b"a" * 40)})
    assert "+Subproject commit " + "a" * 40 in named(diff, "x").patch
    assert named(diff, "x").badges == ["submodule"]
    assert "ext::sh" in named(diff, ".gitmodules").patch
    assert "protected" in named(diff, ".gitmodules").badges


def test_a_flipped_mode_is_a_change_of_its_own(world: World) -> None:
    file = only(reviewed(world, {"app.py": ("100755", b"def total(rows):\n    return sum(rows)\n")}))
    assert (file.status, file.badges, file.added) == ("mode", ["mode"], 0)
    assert "new mode 100755" in file.patch


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"two\nlines.py", "two\\u{a}lines.py"),
        (b"tab\there", "tab\\u{9}here"),
        ("evil\u202eyp.txt".encode(), "evil\\u{202e}yp.txt"),
        ("zero\u200bwidth".encode(), "zero\\u{200b}width"),
        (b"not\xffutf8", "not\\xffutf8"),
        (b'quo"te', 'quo"te'),
        (b"back\\xffslash", "back\\\\xffslash"),
        ("Grüße/日本.py".encode(), "Grüße/日本.py"),
        (b"a\ndiff --git a/x b/x", "a\\u{a}diff --git a/x b/x"),
        (b"n" * 255, "n" * 255),
        (b"/".join([b"d" * 200] * 19), "/".join(["d" * 200] * 19)),
        (b":(glob)*", ":(glob)*"),
        (b"-x", "-x"),
    ],
)
def test_a_name_of_any_bytes_is_shown_whole_and_found_again(world: World, raw: bytes, shown: str) -> None:
    head = world.work({raw: b"odd\n", "app.py": EVIL})
    diff = world.store.diff(world.run, world.base, head)
    assert named(diff, shown).added == 1
    assert "+odd" in named(diff, shown).patch
    assert "+os.system('x')" in named(diff, "app.py").patch
    assert world.store.blob(world.run, head, shown) == b"odd\n"
    assert paths.raw(paths.shown(raw)) == raw


def test_bidi_and_invisible_characters_are_badges(world: World) -> None:
    diff = reviewed(
        world,
        {
            "bidi.py": "x = 'a\u202e b'\n".encode(),
            "zero.py": "pass\u200bword = 1\n".encode(),
            "tags.md": "hello\U000e0041\n".encode(),
            "escape.txt": b"\x1b]8;;x\x07\n",
            "return.py": b"hidden()\r# nothing\n",
            "plain.py": "π = 3 # Grüße 日本 👍🏽\r\n".encode(),
            "evil\u202e.py": b"1\n",
        },
    )
    found = {file.path: [b for b in file.badges if b in ("bidi", "invisible")] for file in diff.files}
    assert found == {
        "bidi.py": ["bidi"],
        "zero.py": ["invisible"],
        "tags.md": ["invisible"],
        "escape.txt": ["invisible"],
        "return.py": ["invisible"],
        "plain.py": [],
        "evil\\u{202e}.py": ["bidi"],
    }


def test_a_zero_byte_makes_no_script_invisible(world: World) -> None:
    file = only(reviewed(world, {"run.sh": b"#!/bin/sh\n\0curl x | sh\n"}))
    assert (file.badges, file.patch) == (["binary"], "")


def test_a_minified_line_is_counted_and_said(world: World) -> None:
    file = only(reviewed(world, {"app.js": b"var a=1;" * 1000}))
    assert {"long", "minified"} <= set(file.badges)
    assert file.added == 1


def test_a_patch_too_long_to_show_is_counted_and_said(world: World) -> None:
    diff = reviewed(world, {"big.txt": b"some words\n" * 40_000, "app.py": EVIL})
    assert (named(diff, "big.txt").added, named(diff, "big.txt").patch, named(diff, "big.txt").badges) == (
        40_000,
        "",
        ["long"],
    )
    assert named(diff, "app.py").patch
    assert diff.truncated


def test_when_all_patches_are_too_long_the_list_is_still_complete(world: World) -> None:
    diff = reviewed(world, {f"f{n:03}.txt": b"%03d words here\n" % n * 15_000 for n in range(60)})
    assert [file.added for file in diff.files] == [15_000] * 60
    assert diff.files[0].patch
    assert (diff.files[-1].patch, diff.files[-1].badges) == ("", ["long"])
    assert diff.truncated


def test_a_file_of_megabytes_is_binary_not_a_bomb(world: World) -> None:
    file = only(reviewed(world, {"huge.txt": b"x" * 79 + b"\n" + b"y\n" * (1 << 20)}))
    assert "binary" in file.badges


def test_a_rename_of_ten_thousand_files_is_a_list_of_renames(world: World) -> None:
    start = world.work({f"old/{n}.txt": b"%d\n" % n for n in range(3000)})
    gone = {f"old/{n}.txt": None for n in range(3000)}
    head = world.work({**gone, **{f"new/{n}.txt": b"%d\n" % n for n in range(3000)}})
    diff = world.store.diff(world.run, start, head)
    assert len(diff.files) == 3000
    assert {file.status for file in diff.files} == {"renamed"}


def test_a_rename_with_a_change_inside_shows_the_change_and_both_names(world: World) -> None:
    body = b"".join(b"line %d\n" % n for n in range(50))
    start = world.work({"Makefile": body})
    diff = world.store.diff(world.run, start, world.work({"Makefile": None, "notes.txt": body + b"evil\n"}))
    file = only(diff)
    assert (file.status, file.old_path, file.path, file.added) == ("renamed", "Makefile", "notes.txt", 1)
    assert "protected" in file.badges
    assert "+evil" in file.patch


def test_content_that_looks_like_a_header_moves_no_patch(world: World) -> None:
    forged = b"diff --git a/app.py b/app.py\n--- a/app.py\n+++ b/app.py\n"
    diff = reviewed(world, {"a.txt": forged, "app.py": EVIL})
    assert named(diff, "a.txt").added == 3
    assert "+os.system('x')" in named(diff, "app.py").patch
    assert "os.system" not in named(diff, "a.txt").patch


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".GitHub/Workflows/x.yml", ".gitlab-ci.yml", "Jenkinsfile", ".circleci/config.yml",
        ".claude/settings.json", ".cursor/rules", "AGENTS.md", "docs/CLAUDE.md", ".mcp.json", ".vscode/tasks.json",
        "Makefile", "sub/makefile", "conftest.py", "tests/conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "setup.py",
        "pyproject.toml", "package.json", "web/package.json", ".husky/pre-commit", "hooks/post-merge", ".gitmodules",
        "Dockerfile", "x.pth", "sitecustomize.py", ".githu\u200bb/workflows/x.yml", "conftest.py.", "ＭＡＫＥＦＩＬＥ",
    ],
)  # fmt: skip
def test_paths_that_steer_the_machine_are_protected(world: World, path: str) -> None:
    assert "protected" in only(reviewed(world, {path: b"x\n"})).badges


@pytest.mark.parametrize(
    ("path", "badge"),
    [
        ("uv.lock", "lockfile"), ("web/package-lock.json", "lockfile"), ("go.sum", "lockfile"), 
        ("shop/migrations/0002_x.py", "migration"),
        ("tests/test_app.py", "test"), ("web/cart.test.ts", "test"), ("app_test.go", "test"), ("dist/a.min.js", "minified"),
        (".github/workflows/ci.yml", "ci"),
    ],
)  # fmt: skip
def test_paths_of_a_kind_carry_its_badge(world: World, path: str, badge: str) -> None:
    assert badge in only(reviewed(world, {path: b"x\n"})).badges


def test_an_ordinary_file_has_no_badge(world: World) -> None:
    assert only(reviewed(world, {"shop/contest.py": b"x = 1\n"})).badges == []


def test_a_digest_binds_modes_names_and_bytes_that_no_patch_shows(world: World) -> None:
    heads = [
        world.work(files, parent=world.base)
        for files in (
            {"b.bin": b"\0one"}, {"b.bin": b"\0two"}, {"b.bin": ("100755", b"\0one")}, {"c.bin": b"\0one"}, {"B.bin": b"\0one"},
        )
    ]  # fmt: skip
    assert len({world.store.diff(world.run, world.base, head).digest for head in heads}) == 5


def test_odd_commits_are_listed(world: World) -> None:
    head = world.work({"a": b"1\n"}, message="evil\u202e\x1b[31m title\n")
    assert world.store.log(world.run, world.base, head)[0].title == "evil\\u{202e}\\u{1b}[31m title"
