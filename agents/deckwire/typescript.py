"""Prints the dashboard's messages as TypeScript: a pure function from pydantic models to text.

`python -m deckwire.typescript > frontend/src/wire/types.ts`. A field with a default is optional in a `Body`, which a
client writes, and always there in a `View`, which the platform writes.
"""

import inspect
import sys
import types
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deckwire import bodies, frames, requests, views, words
from deckwire.bodies import Body

HEADER = "// Generated from agents/deckwire by `python -m deckwire.typescript`. Do not edit.\n"
PLAIN: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    Any: "unknown",
    type(None): "null",
}
ALIASES = {
    "Attention": views.Attention,
    "Role": views.Role,
    "Dial": views.Dial,
    "CheckState": views.CheckState,
    "ClientFrame": frames.ClientFrame,
    "ServerFrame": frames.ServerFrame,
}
NAMES = {hint: name for name, hint in ALIASES.items()}


def type_text(hint: Any) -> str:
    """One annotation as TypeScript, by its name where it has one. Raises TypeError for what JSON cannot carry."""
    return NAMES.get(hint) or PLAIN.get(hint) or shape_text(hint)


def shape_text(hint: Any) -> str:
    """The same without looking for a name: the right side of an alias."""
    if isinstance(hint, type) and issubclass(hint, BaseModel | StrEnum):
        return hint.__name__
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_text(inner[0])
    if origin is Literal:
        return _words(inner)
    if origin in (Union, types.UnionType):
        return " | ".join(type_text(part) for part in inner)
    if origin is list:
        return _array(type_text(inner[0]))
    if origin is dict:
        return f"Record<string, {type_text(inner[1])}>"
    raise TypeError(f"no TypeScript for {hint!r}")


def _words(values: Iterable[str]) -> str:
    return " | ".join(f'"{value}"' for value in values)


def _array(item: str) -> str:
    return f"({item})[]" if " " in item else f"{item}[]"


def field_text(name: str, field: FieldInfo, *, optional: bool) -> str:
    return f"  {field.alias or name}{'?' if optional else ''}: {type_text(field.annotation)};"


def interface_text(model: type[BaseModel]) -> str:
    optional = issubclass(model, Body)
    lines = [
        field_text(name, field, optional=optional and not field.is_required())
        for name, field in model.model_fields.items()
    ]
    return "\n".join([*_comment(model), f"export interface {model.__name__} {{", *lines, "}"])


def _comment(model: type[BaseModel]) -> list[str]:
    words_of = inspect.cleandoc(model.__doc__ or "").splitlines()
    if not words_of:
        return []
    if len(words_of) == 1:
        return [f"/** {words_of[0]} */"]
    return ["/**", *(f" * {line}".rstrip() for line in words_of), " */"]


def enum_text(enum: type[StrEnum]) -> str:
    return f"export type {enum.__name__} = {_words(word.value for word in enum)};"


def alias_text(name: str, hint: Any) -> str:
    return f"export type {name} = {shape_text(hint)};"


def typescript(enums: Iterable[type[StrEnum]], aliases: dict[str, Any], models: Iterable[type[BaseModel]]) -> str:
    """The whole file's text. Same models in, same text out."""
    parts = [enum_text(enum) for enum in enums]
    parts += [alias_text(name, hint) for name, hint in aliases.items()]
    parts += [interface_text(model) for model in models]
    return HEADER + "\n" + "\n\n".join(parts) + "\n"


def wire_text() -> str:
    """All that the dashboard speaks."""
    enums = [words.Phase, words.AttemptState, words.Fate, words.Verb, words.RequestKind, words.Risk, words.Blame]
    shared: list[type[BaseModel]] = [
        requests.Citation,
        requests.PlanStep,
        requests.Choice,
        requests.Quote,
        requests.Fact,
    ]
    parts = ("people", "runs", "asked", "history", "review", "site", "trackers", "breakdowns", "snapshot")
    shown = [getattr(views, part) for part in parts]
    models = [model for module in (*shown, bodies, frames) for model in _own_models(module)]
    return typescript(enums, ALIASES, [*shared, *models])


def _own_models(module: types.ModuleType) -> list[type[BaseModel]]:
    """The module's own models in the order they are written; the two bases say nothing on the wire."""
    return [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and issubclass(thing, BaseModel)
        and thing.__module__ == module.__name__
        and thing not in (views.View, Body)
    ]


if __name__ == "__main__":
    sys.stdout.write(wire_text())
