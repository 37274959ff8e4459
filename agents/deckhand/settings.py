"""The agent's only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deckhand.exits import Misconfigured

METADATA = "169.254.169.254:80"
PUBLIC = "1.1.1.1:443"
"""Nobody's data in particular: any address would do that answers everybody."""


@dataclass(frozen=True)
class Settings:
    """`url` and `git_url` are base addresses without a slash at the end. `home` is the runner's own; tools never see it.

    `path` is the runner's own PATH, `tools_path` the tools': the project's packages first. `outlet` is the address of the
    way out, "" for none; with `registries` it is no proxy but serves these, each below its name. `canary` are addresses
    (host:port) that must not answer from in here, `canary_seconds` how long one may after all: some networks enforce a new
    place's policy late.
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
    registries: tuple[str, ...] = ()
    canary: tuple[str, ...] = ()
    canary_seconds: float = 15.0

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
        registries=tuple(env.get("QUARTERDECK_REGISTRIES", "").split()),
        canary=_canary(env),
        canary_seconds=_seconds(env, "QUARTERDECK_CANARY_SECONDS", 15.0),
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set")
    return value


def _canary(env: Mapping[str, str]) -> tuple[str, ...]:
    """What must not answer: the words of QUARTERDECK_CANARY and of the file that QUARTERDECK_CANARY_FILE names; `none`
    for nothing. Where nobody said: a cloud's metadata, a public address and the cluster's API.
    """
    given = env.get("QUARTERDECK_CANARY", "").split()
    if file := env.get("QUARTERDECK_CANARY_FILE", ""):
        try:
            given += Path(file).read_text().split()
        except OSError as bad:
            raise Misconfigured(f"cannot read the addresses in {file}: {bad.strerror}") from bad
    if given:
        return tuple(word for word in given if word != "none")
    host, port = env.get("KUBERNETES_SERVICE_HOST", ""), env.get("KUBERNETES_SERVICE_PORT", "443")
    cluster = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}",) if host else ()
    # Where packages are installed as well: the way out is the outlet, and no address beside it answers.
    return (METADATA, PUBLIC, *cluster)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(env.get(name) or default)
    except ValueError as bad:
        raise Misconfigured(f"{name} is no number of seconds") from bad
