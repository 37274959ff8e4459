"""Who says it: a person, a rule of a dial, or somebody in a tracker."""

from dataclasses import dataclass, field

from quarterdeck.record.models import Person


@dataclass(frozen=True)
class Actor:
    """`type` is person, rule or tracker; `id` the person's id, the rule's name, the tracker user."""

    type: str
    id: str
    name: str
    person: Person | None = field(default=None, compare=False, repr=False)

    @property
    def word(self) -> str:
        return f"{self.type}:{self.id}"


def person(one: Person) -> Actor:
    return Actor("person", str(one.id), str(one), one)


def rule(name: str) -> Actor:
    """A rule of the platform itself: `reconciler`, `merger`, `dial-plan`."""
    return Actor("rule", name, name)


PLATFORM = "rule:platform"
