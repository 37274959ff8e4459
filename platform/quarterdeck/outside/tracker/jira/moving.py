"""Which transition leads where a run wants its ticket. Never backwards, and into done only by a name that a person configured."""

from collections.abc import Callable, Sequence
from typing import Any

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import models, reading
from quarterdeck.outside.tracker.shapes import Transition

ORDER = {"todo": 0, "doing": 1, "done": 2}
ADDED: dict[str, Callable[[str, Callable[[str], Any]], Any]] = {
    "worklog": lambda words, rich: {"timeSpent": words},
    "comment": lambda words, rich: {"body": rich(words)},
}
"""What a screen adds to the ticket instead of setting it."""
BEGUN = ("in progress", "doing", "in development", "start progress", "in arbeit", "en cours")


def named(ways: list[Transition], category: str, names: Sequence[str]) -> Transition | None:
    """The first of the wanted statuses or transitions that there is, among those that lead to the category."""
    for name in names:
        for one in ways:
            if one.category == category and name.lower() in (one.status.lower(), one.name.lower()):
                return one
    return None


def choose(ways: list[Transition], category: str, names: Sequence[str]) -> Transition:
    """Raises Refused: no_transition, ambiguous."""
    if wanted := named(ways, category, names):
        return wanted
    fitting = [one for one in ways if one.category == category]
    if not fitting:
        raise Refused(f"From here no transition leads to a status of the kind {category}.", reason="no_transition",
                      remedy="Check the workflow, and whether our account may transition tickets.")  # fmt: skip
    if category == "done":
        raise Refused(f"Which status is done is not guessed: {_told(fitting)}.", reason="ambiguous",
                      remedy="Name the status in the project's settings.")  # fmt: skip
    return _begun(fitting)


def _begun(fitting: list[Transition]) -> Transition:
    if len(fitting) == 1:
        return fitting[0]
    for one in fitting:
        if one.status.lower() in BEGUN or one.name.lower() in BEGUN:
            return one
    raise Refused(f"Several transitions would do: {_told(fitting)}.", reason="ambiguous",
                  remedy="Name the status in the project's settings.")  # fmt: skip


def _told(ways: list[Transition]) -> str:
    return ", ".join(one.status for one in ways[:6])


def filled(way: models.Way, given: dict[str, Any], rich: Callable[[str], Any]) -> dict[str, Any]:
    """The screen's answers as a transition's body takes them. Raises Refused(screen_fields) for what is asked and not given."""
    by_name = {name.lower(): value for name, value in given.items()}
    fields, update, lacks = dict[str, Any](), dict[str, Any](), list[str]()
    for id, field in way.fields.items():
        name = field.name or id
        if name.lower() in by_name or id.lower() in by_name:
            value = by_name.get(name.lower(), by_name.get(id.lower()))
            if id in ADDED:
                update[id] = [{"add": ADDED[id](value, rich) if isinstance(value, str) else value}]
            else:
                fields[id] = _value(field, value)
        elif field.required and not field.default:
            lacks.append(name)
    if lacks:
        words = reading.transition(way)
        choices = [
            f"{one.name} ({', '.join(one.allowed[:6])})" if one.allowed else one.name
            for one in words.needs()
            if one.name in lacks
        ]
        raise Refused(f"The transition to {way.to.name} asks for {', '.join(choices)}.", reason="screen_fields",
                      remedy="Give them in the project's settings, or move the ticket by hand.")  # fmt: skip
    return {name: one for name, one in (("fields", fields), ("update", update)) if one}


def _value(field: models.Asked, value: Any) -> Any:
    """A choice goes by its id; several where the field takes several."""
    if isinstance(value, list):
        return [_value(field, one) for one in value]
    for one in field.allowed:
        if str(value).lower() in (one.name.lower(), one.value.lower()) and one.id:
            return [{"id": one.id}] if field.schema_.get("type") == "array" else {"id": one.id}
    return value
