"""Starts the independent Data Center server. It knows tickets by their keys alone, everybody is its one user, and the m of a
query's -30m are months; a real one takes ids too, knows its callers by their tokens, and means minutes: added here, with a way
into done that asks for nothing."""

import re
import sys
from typing import Any

import uvicorn
from jira820 import build_store, jql, make_app
from jira820.config import DEFAULT_STATUSES, Config
from jira820.serialize import iid
from jira820.store import Store


class ByBoth(dict[str, Any]):
    def get(self, name: str, default: Any = None) -> Any:
        found = super().get(name)
        if found is None and name.isdigit():
            found = next((one for key, one in self.items() if iid(key) == name), None)
        return found if found is not None else default


class ByToken:
    """A token that is the name of a user is that user's; every other is the administrator's."""

    def __init__(self, app: Any, store: Store) -> None:
        self.app, self.store = app, store

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token = dict(scope.get("headers", [])).get(b"authorization", b"").decode().removeprefix("Bearer ")
        self.store.config.current_user = token if token in self.store.users else "admin"
        await self.app(scope, receive, send)


def with_minutes(days: Any) -> Any:
    def parsed(value: str) -> Any:
        found = re.fullmatch(r"(-\d+)m", value.strip("\"' "))
        return ("rel", int(found[1]) / 1440) if found else days(value)

    return parsed


def main(port: int) -> None:
    jql._reldays = with_minutes(jql._reldays)
    store = build_store(
        Config(
            project_key="LARK",
            project_name="Larkfield",
            epics_per_module=1,
            standalone_per_module=4,
            statuses=[list(one) for one in DEFAULT_STATUSES] + [["Merged", "done", "10003"]],
            transition_screens={"Merged": []},
        )
    )
    store.issues = ByBoth(store.issues)
    uvicorn.run(ByToken(make_app(store=store), store), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
