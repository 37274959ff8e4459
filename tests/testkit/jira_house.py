"""A house with a Jira Cloud of our own beside it, connected and watched as the owner does it: over the API."""

from typing import Any

from quarterdeck.outside.tracker.jira.demo.server import EMAIL, TOKEN, Demo
from testkit.desk import Desk


def connect(desk: Desk, demo: Demo, *spaces: str) -> str:
    """Returns the connection's id. Webhooks go to the house from now on."""
    made = desk.post("/trackers", {"name": "Jira", "baseUrl": demo.url, "email": EMAIL, "token": TOKEN})
    id = str(made["id"])
    secret = desk.post(f"/trackers/{id}/secret", {})["word"]
    demo.deliverer.url, demo.deliverer.secret = f"{desk.house.address}{made['hookPath']}", secret
    project = desk.house.value("select id from record_project where sample")
    body: dict[str, Any] = {"connection": id, "spaces": list(spaces)}
    answer = desk.api.put(f"/projects/{project}/watch", json=body)
    assert answer.is_success, answer.text
    return id
