"""What a project wants of its places: image, limits, kind of node, labels. Checked when it is entered, frozen when a run is
opened, read by a backend of the cluster."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.errors import Refused
from quarterdeck.flow.text import bounded
from quarterdeck.record.models import Project, Run

KINDS: dict[str, Callable[[Any], Any]] = {
    "cpu": float, "memory_mb": int, "disk_mb": int, "image": str, "runtime_class": str, "node_selector": dict,
    "priority_class": str, "labels": dict,
}  # fmt: skip
"""The part of a project's limits that is about its places."""
MOST_LABELS = 20
CPU, MEMORY_MB, DISK_MB = (0.1, 256.0), (64, 4_194_304), (64, 4_194_304)
# A reference of the OCI distribution specification: registry with port, path, tag, digest.
IMAGE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
OURS = ("quarterdeck/", "app.kubernetes.io/part-of", "app.kubernetes.io/component")


def of(run: Run) -> dict[str, Any]:
    """Fields of a PlaceSpec, as the project wanted them when the run was opened. What is left out is the spec's own default or
    the installation's."""
    found = run.config.get("place")
    return dict(found) if found is not None else frozen(run.project)


def frozen(project: Project) -> dict[str, Any]:
    limits = project.limits
    found = {name: kind(limits[name]) for name, kind in KINDS.items() if name in limits}
    return found | {"labels": {"project": project.slug, **found.get("labels", {})}}


def enter(limits: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The project's limits with what was entered; what is None or empty is the default again. Raises Refused(malformed) in
    words that name the field."""
    checked = {name: CHECKS[name](value) for name, value in given.items() if value}
    return {name: value for name, value in limits.items() if name not in given} | checked


def _image(text: str) -> str:
    text = bounded("The image", text, 400)
    if not IMAGE.fullmatch(text):
        raise _no(f"{text[:80]!r} is no name of an image.", "Write it like registry.example/team/image:1.2.")
    return text


def _name(text: str) -> str:
    text = bounded("The runtime class", text, 253)
    if not NAME.fullmatch(text):
        raise _no(f"{text[:80]!r} is no name of a runtime class.", "Small letters, digits, dots and dashes: gvisor.")
    return text


def _between(what: str, unit: str, least: float, most: float) -> Callable[[float], float]:
    def check(value: float) -> float:
        if not least <= value <= most:
            raise _no(f"{what}: {value:g} is not between {least:g} and {most:g} {unit}.")
        return value

    return check


def _labels(what: str) -> Callable[[Mapping[str, str]], dict[str, str]]:
    def check(given: Mapping[str, str]) -> dict[str, str]:
        if len(given) > MOST_LABELS:
            raise _no(f"{what}: {len(given)} are more than {MOST_LABELS}.")
        for key, value in given.items():
            _label(what, key, value)
        return dict(given)

    return check


def _label(what: str, key: str, value: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not PART.fullmatch(name) or (slash and not NAME.fullmatch(prefix)):
        raise _no(f"{what}: {key[:80]!r} is no key.", "A key is a word, or domain/word: kueue.x-k8s.io/queue-name.")
    if value and not PART.fullmatch(value):
        raise _no(f"{what}: {value[:80]!r} is no value of {key}.", "Letters, digits, dots, dashes; 63 at the most.")
    if key.startswith(OURS):
        raise _no(f"{what}: {key} is what Quarterdeck finds its own places by.", "Choose another key.")


def _no(text: str, remedy: str = "") -> Refused:
    return Refused(text, reason="malformed", status=422, remedy=remedy)


CHECKS: dict[str, Callable[[Any], Any]] = {
    "image": _image, "cpu": _between("Processors", "cores", *CPU), "memory_mb": _between("Memory", "MiB", *MEMORY_MB),
    "disk_mb": _between("Disk", "MiB", *DISK_MB), "runtime_class": _name, "node_selector": _labels("Node selector"),
    "labels": _labels("Labels"),
}  # fmt: skip
