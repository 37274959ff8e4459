"""As many projects as runs: the sample's, copied row by row, so that thirty agents play one ticket at once."""

import json
import shutil
import uuid
from pathlib import Path

from testkit.house import House


def copies(house: House, count: int) -> list[str]:
    """As many tickets as runs: the rehearsal model plays a copy of LARK-2 by its key, so each gets a project of its own."""
    sample = house.value("select id from record_project where key = 'LARK'")
    for number in range(1, count):
        new = {name: str(uuid.uuid4()) for name in ("project", "repository", "ticket")}
        named = {"id": new["project"], "slug": f"fleet-{number}", "key": f"FLEET{number}"}
        again(house, "project", "id = %s", sample, named)
        again(house, "repository", "project_id = %s", sample,
              {"id": new["repository"], "project_id": new["project"], "url": own_origin(house, sample, number)})  # fmt: skip
        ticket = {"id": new["ticket"], "project_id": new["project"], "external_id": f"fleet-{number}"}
        again(house, "ticket", "key = 'LARK-2' and project_id = %s", sample, ticket)
    return [str(row["id"]) for row in house.rows("select id from record_ticket where key = 'LARK-2'")]


def own_origin(house: House, sample: object, number: int) -> str:
    """The sample's origin once more: what one of the fleet merges is nobody else's main."""
    here = Path(str(house.value("select url from record_repository where project_id = %s", sample)))
    there = here.with_name(f"fleet-{number}.git")
    shutil.copytree(here, there)
    return str(there)


def again(house: House, table: str, where: str, value: object, other: dict[str, str]) -> None:
    """The same row with some other fields."""
    row = f"(jsonb_populate_record(one, %s::jsonb)).* from record_{table} one where {where}"
    house.change(f"insert into record_{table} select {row}", json.dumps(other), value)
