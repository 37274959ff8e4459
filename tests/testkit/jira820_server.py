"""Starts the independent Data Center server. It knows tickets by their keys alone; a real one also takes ids: added here."""

import sys
from typing import Any

import uvicorn
from jira820 import build_store, make_app
from jira820.config import Config
from jira820.serialize import iid


class ByBoth(dict[str, Any]):
    def get(self, name: str, default: Any = None) -> Any:
        found = super().get(name)
        if found is None and name.isdigit():
            found = next((one for key, one in self.items() if iid(key) == name), None)
        return found if found is not None else default


def main(port: int) -> None:
    store = build_store(
        Config(project_key="LARK", project_name="Larkfield", epics_per_module=1, standalone_per_module=4)
    )
    store.issues = ByBoth(store.issues)
    uvicorn.run(make_app(store=store), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
