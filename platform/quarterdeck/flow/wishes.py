"""What a project wants of its places: the part of its limits that a backend of the cluster reads."""

from typing import Any

from quarterdeck.record.models import Project


def of(project: Project) -> dict[str, Any]:
    """Fields of a PlaceSpec. What the project leaves out is the spec's own default or the installation's."""
    limits = project.limits
    found: dict[str, Any] = {"labels": {"project": project.slug, **limits.get("labels", {})}}
    for name, kind in (("cpu", float), ("memory_mb", int), ("disk_mb", int), ("image", str), ("runtime_class", str),
                       ("node_selector", dict), ("priority_class", str)):  # fmt: skip
        if name in limits:
            found[name] = kind(limits[name])
    return found
