"""The agent's only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deckhand.exits import Misconfigured


@dataclass(frozen=True)
class Settings:
    """`url` and `git_url` are base addresses without a slash at the end. `home` is the runner's own; tools never see it.

    `path` is the runner's own PATH, `tools_path` the tools': the project's packages first. `outlet` is the address of the
    way out, "" for none.
    """

    url: str
    git_url: str
    secret_file: Path
    workspace: Path
    home: Path
    tools: str
    path: str
    tools_path: str
    outlet: str = ""

    @property
    def secret(self) -> str:
        try:
            return self.secret_file.read_text().strip()
        except OSError as bad:
            raise Misconfigured(f"cannot read the secret in {self.secret_file}: {bad.strerror}") from bad


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """Raises Misconfigured when a variable is missing or is not one of the words it may be."""
    tools = env.get("QUARTERDECK_TOOLS", "bwrap")
    if tools not in ("bwrap", "plain"):
        raise Misconfigured(f"QUARTERDECK_TOOLS is {tools!r}: it must be bwrap or plain")
    path = env.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    return Settings(
        url=_needed(env, "QUARTERDECK_URL").rstrip("/"),
        git_url=_needed(env, "QUARTERDECK_GIT_URL").rstrip("/"),
        secret_file=Path(_needed(env, "QUARTERDECK_SECRET_FILE")),
        workspace=Path(_needed(env, "QUARTERDECK_WORKSPACE")),
        home=Path(_needed(env, "QUARTERDECK_HOME")),
        tools=tools,
        path=path,
        tools_path=env.get("QUARTERDECK_TOOLS_PATH", path),
        outlet=env.get("QUARTERDECK_OUTLET", ""),
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set")
    return value
