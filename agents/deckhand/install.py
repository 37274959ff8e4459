"""An install: the repository's own command fills /environment once, in a place with a way out and without any ticket."""

from urllib.parse import urlsplit

from deckhand.attempt import walls
from deckhand.check import OUTPUT_BYTES, OUTPUT_CHARACTERS, greet, lay_out
from deckhand.context.clean import storable, tail
from deckhand.settings import Settings
from deckhand.tools.shell import Shell, become_subreaper
from deckhand.uplink import Uplink
from deckwire.check import CheckReport, InstallOrder, TreeResult

TREE = "installed"
PROXY = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")

# By a registry's name. All of them ask an outlet that has no certificate: it is reached by nothing but the pod's own line.
MANAGERS = {
    "pypi": {
        "PIP_INDEX_URL": "{outlet}/pypi/simple/",
        "PIP_TRUSTED_HOST": "{host}",
        "UV_DEFAULT_INDEX": "{outlet}/pypi/simple/",
        "UV_INSECURE_HOST": "{host}",
    },
    "npm": {"npm_config_registry": "{outlet}/npm/", "npm_config_replace_registry_host": "always"},
    "go": {"GOPROXY": "{outlet}/go"},
}


async def install(settings: Settings) -> None:
    """Runs the order's command and reports once. Raises Leaving; without a report the platform tries again."""
    uplink = Uplink(settings.url)
    try:
        order = await greet(uplink, settings, InstallOrder)
        become_subreaper()
        shell = Shell(
            settings.workspace, settings.home / "tools", settings.tools_path, OUTPUT_BYTES,
            walls(settings, installing=True), way_out(settings.outlet, settings.registries),
        )  # fmt: skip
        await lay_out(settings, uplink, order.git_path, order.trees[TREE])
        await uplink.report(CheckReport(trees={TREE: await _run(shell, order)}))
    finally:
        await uplink.close()


def way_out(outlet: str, registries: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables that tools read to find a proxy, in both spellings: some read only one of them. And those that lead
    package managers to the registries, where the outlet serves them: what goes elsewhere is refused there in words."""
    if not outlet:
        return {}
    host = urlsplit(outlet).hostname or ""
    found = dict.fromkeys(PROXY, outlet)
    for name in registries:
        found |= {key: value.format(outlet=outlet, host=host) for key, value in MANAGERS.get(name, {}).items()}
    return found | (dict.fromkeys(("no_proxy", "NO_PROXY"), host) if registries else {})


async def _run(shell: Shell, order: InstallOrder) -> TreeResult:
    ran = await shell.run(order.install, order.seconds)
    output = f"{ran.output}\n[{ran.why}]" if ran.why else ran.output
    said = storable(tail(output, OUTPUT_CHARACTERS))
    return TreeResult(exit_code=ran.exit_code, seconds=round(ran.seconds, 3), output=said)
