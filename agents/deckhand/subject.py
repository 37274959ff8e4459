"""The first line of a commit: what was done to which files. Only names of files go in, and of those only what an eye can see."""

import unicodedata

WIDTH = 72
VERBS = {"A": "Add", "D": "Remove"}
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def changes(told: bytes) -> list[tuple[str, str]]:
    """(letter, path) of what `git diff-tree -z --name-status --no-renames` printed."""
    words = told.decode("utf-8", "replace").split("\0")
    return list(zip(words[::2], words[1::2], strict=False))


def subject(changed: list[tuple[str, str]], merged: str = "") -> str:
    """At most 72 characters, the same for the same change: "Edit larkfield/song.py and tests/test_song.py"."""
    if merged:
        return f"Bring {merged[:12]} together with this run's work"
    verbs = {VERBS.get(letter, "Edit") for letter, _ in changed}
    verb = verbs.pop() if len(verbs) == 1 else "Change"
    names = [_seen(path) for _, path in changed]
    for shown in range(len(names), 0, -1):
        line = f"{verb} {_listed(names[:shown], len(names) - shown)}"
        if len(line) <= WIDTH:
            return line
    return f"{verb} {_shortened(names, WIDTH - len(verb) - 1)}"


def _listed(names: list[str], more: int) -> str:
    if more:
        return f"{', '.join(names)} and {more} more {'file' if more == 1 else 'files'}"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _shortened(names: list[str], width: int) -> str:
    """The end of the first path, for that is what tells it from others."""
    if not names:
        return "nothing"
    rest = f" and {len(names) - 1} more {'file' if len(names) == 2 else 'files'}" if len(names) > 1 else ""
    room = width - len(rest)
    return (names[0] if len(names[0]) <= room else "…" + names[0][1 - room :]) + rest


def _seen(path: str) -> str:
    """No line ends, controls, marks that turn the text's direction, or halves of characters; spaces are single."""
    return " ".join("".join("?" if unicodedata.category(one) in UNSEEN else one for one in path).split(" ")).strip()
