"""A person at a Jira Data Center that others wrote, over its own REST."""

from dataclasses import dataclass
from typing import Any

import httpx

RITA = "u01"


@dataclass
class Rita:
    """A person at that Jira. She writes one ticket and reads it; she knows nothing of Quarterdeck but what stands there."""

    address: str
    key: str = ""

    def ask(self, method: str, path: str = "", **body: Any) -> Any:
        answer = httpx.request(
            method, f"{self.address}/rest/api/2/issue/{self.key}{path}".rstrip("/"), json=body or None,
            headers={"authorization": f"Bearer {RITA}"}, trust_env=False,
        )  # fmt: skip
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def writes(self, title: str, text: str) -> None:
        fields = {
            "project": {"key": "LARK"}, "issuetype": {"name": "Bug"}, "summary": title, "description": text,
            "reporter": {"name": RITA},
        }  # fmt: skip
        self.key = self.ask("POST", fields=fields)["key"]

    def says(self, words: str) -> None:
        self.ask("POST", "/comment", body=words)

    def moves(self, status: str) -> None:
        ways = self.ask("GET", "/transitions")["transitions"]
        self.ask(
            "POST", "/transitions", transition={"id": next(one["id"] for one in ways if one["to"]["name"] == status)}
        )

    def told(self) -> list[str]:
        """What others said in comments, without the marks by which they are known again."""
        rows = sorted(self.ask("GET", "/comment")["comments"], key=lambda one: int(one["id"]))
        return [one["body"].partition("\n\n{anchor:")[0] for one in rows if one["author"]["name"] != RITA]

    def links(self) -> list[tuple[str, str]]:
        rows = self.ask("GET", "/remotelink")
        return [
            (one["globalId"], one["object"]["title"]) for one in rows if one.get("globalId", "").startswith("quarter")
        ]

    def status(self) -> str:
        return str(self.ask("GET")["fields"]["status"]["name"])
