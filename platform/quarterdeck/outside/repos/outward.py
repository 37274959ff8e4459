"""How one git process reaches a project's origin: with its login, by the site's proxy, trusting the site's authorities.

All of it is in the environment of that one process. Nothing of a login is in an argv, a URL, a log or a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from quarterdeck.errors import Refused

Access = Mapping[str, str]
"""`user` and `secret` of one origin; empty: it asks for none."""
SECRET = "QUARTERDECK_ORIGIN_SECRET"
_USER = "QUARTERDECK_ORIGIN_USER"
_HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${_USER}" "${SECRET}"; }}; f"""
DEFAULT_USER = "git"


@dataclass(frozen=True)
class Outward:
    """`proxy` is an http:// address, `authorities` a file of certificates to trust instead of the system's; "" for none."""

    proxy: str = field(default="", repr=False)
    authorities: str = ""

    def environment(self, url: str, access: Access | None) -> dict[str, str]:
        """For git on `url` alone: the login is offered to that scheme, host and port, and to no other. Raises
        Refused(malformed) for what would end the line it stands in."""
        env = {"https_proxy": self.proxy, "http_proxy": self.proxy} if self.proxy else {}
        if self.authorities:
            env["GIT_SSL_CAINFO"] = self.authorities
        if not access or not access.get("secret"):
            return env
        user, secret = access.get("user") or DEFAULT_USER, access["secret"]
        if any(sign in user + secret for sign in "\r\n\0"):
            raise Refused("A login is one line.", reason="malformed", status=422)
        return env | {
            _USER: user, SECRET: secret,
            # The first empties the list: no helper of anybody else is asked, and none is told to keep it.
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "credential.helper", "GIT_CONFIG_VALUE_0": "",
            "GIT_CONFIG_KEY_1": f"credential.{_place(url)}.helper", "GIT_CONFIG_VALUE_1": _HELPER,
        }  # fmt: skip


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
