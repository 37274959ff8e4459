"""Which shell commands need a person's word. Read as a promise to ask, not as a wall: the walls are the sandbox's."""

import re
import shlex

NETWORK = frozenset(
    [
        "curl",
        "wget",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "nc",
        "ncat",
        "netcat",
        "telnet",
        "ftp",
        "dig",
        "nslookup",
        "ping",
        "socat",
        "aria2c",
        "http",
        "https",
    ]
)
PRIVILEGE = frozenset(
    ["sudo", "su", "doas", "pkexec", "chroot", "mount", "umount", "insmod", "modprobe", "systemctl", "service"]
)
CLUSTERS = frozenset(["docker", "podman", "kubectl", "helm", "terraform", "aws", "gcloud", "az", "ansible-playbook"])
INSTALLERS: dict[str, frozenset[str]] = {
    "pip": frozenset({"install", "download", "uninstall", "wheel"}),
    "pip3": frozenset({"install", "download", "uninstall", "wheel"}),
    "uv": frozenset({"add", "sync", "pip", "tool", "lock"}),
    "poetry": frozenset({"add", "install", "update"}),
    "npm": frozenset({"install", "i", "ci", "add", "publish", "update"}),
    "pnpm": frozenset({"install", "i", "add", "publish", "update"}),
    "yarn": frozenset({"add", "install", "publish", "upgrade"}),
    "apt": frozenset({"install", "remove", "update", "upgrade"}),
    "apt-get": frozenset({"install", "remove", "update", "upgrade"}),
    "apk": frozenset({"add", "del"}),
    "dnf": frozenset({"install", "remove"}),
    "yum": frozenset({"install", "remove"}),
    "brew": frozenset({"install", "uninstall"}),
    "cargo": frozenset({"install", "publish", "add"}),
    "go": frozenset({"get", "install"}),
    "gem": frozenset({"install", "push"}),
    "bundle": frozenset({"install", "update"}),
    "conda": frozenset({"install", "create"}),
    "npx": frozenset(),
}
GIT_REMOTE = frozenset(["push", "fetch", "pull", "clone", "ls-remote", "remote", "submodule", "send-email"])
DESTROYERS = frozenset(["rm", "rmdir", "unlink", "shred", "mv", "dd", "truncate", "chmod", "chown", "ln", "mkfs"])
WRAPPERS = frozenset(
    ["env", "nohup", "time", "nice", "timeout", "stdbuf", "command", "exec", "xargs", "then", "do", "else", "!", "{"]
)
SHELLS = frozenset(["sh", "bash", "zsh", "dash", "ksh"])
SPLIT = re.compile(r"\|\||&&|[;&|\n()`]|\$\(")


def why_ask(command: str) -> str:
    """Why a person has to allow this command, in a few words; empty when nobody has to."""
    for piece in SPLIT.split(command):
        if why := _piece(_words(piece)):
            return why
    return ""


def _piece(words: list[str]) -> str:
    words = _unwrapped(words)
    if not words:
        return ""
    name, rest = words[0].rpartition("/")[2], words[1:]
    if name in SHELLS and "-c" in rest[:-1]:
        return why_ask(rest[rest.index("-c") + 1])
    if re.fullmatch(r"python[\d.]*", name) and rest[:1] == ["-m"] and len(rest) > 1:
        return _piece(rest[1:])
    return _by_name(name, rest)


def _by_name(name: str, rest: list[str]) -> str:
    verbs = [word for word in rest if not word.startswith("-")]
    if name in PRIVILEGE:
        return "asks for more rights"
    if name in NETWORK:
        return "uses the network"
    if name in CLUSTERS:
        return "acts on other systems"
    if name in INSTALLERS and (not INSTALLERS[name] or set(verbs[:1]) & INSTALLERS[name]):
        return "installs or publishes packages"
    if name == "git" and set(verbs[:2]) & GIT_REMOTE:
        return "talks to a git remote"
    if name in DESTROYERS and any(_leads_out(word) for word in rest):
        return "changes files outside the checkout"
    return ""


def _leads_out(word: str) -> bool:
    """A path that may lie outside the checkout: absolute, home, a variable, or up past the top. /tmp and /dev/null may be."""
    if word.startswith(("/tmp/", "/dev/null")):
        return ".." in word
    return word.startswith(("/", "~", "$")) or ".." in word.split("/")


def _words(piece: str) -> list[str]:
    try:
        return shlex.split(piece, comments=True)
    except ValueError:
        return piece.split()


def _unwrapped(words: list[str]) -> list[str]:
    """Without `FOO=1`, `timeout 5`, `env -i` and the like in front."""
    while words and (
        words[0] in WRAPPERS or re.match(r"[A-Za-z_]\w*=", words[0]) or re.fullmatch(r"-\w+|\d+[smh]?", words[0])
    ):
        words = words[1:]
    return words
