"""The sample shop's tickets as they would stand in its Jira: with an epic above, one that blocks another, and a label."""

from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.demo.site import CUSTOM, IDA, Site, beside, kind, project
from quarterdeck.sample import tickets

PRIORITY = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4"}


def _accepted(description: str) -> dict[str, object]:
    """What stands under "Done when" also stands in the field that Jira's people use for it."""
    _, said, criteria = description.partition("Done when")
    field = next(id for id, name in CUSTOM.items() if name == "Acceptance criteria")
    return {field: document(criteria.strip())} if said else {}


def larkfield(site: Site | None = None, key: str = "") -> Site:
    """LARK-1 to LARK-8 from the sample, then LARK-9, the epic that holds the last two; of another project with `key`."""
    site = site or Site()
    told = tickets.project()
    shop = project(key or told["key"], told["name"])
    for one in tickets.tickets():
        site.create(IDA, {
            "project": shop, "summary": one.title, "description": document(one.description), "issuetype": kind(one.kind),
            "priority": {"id": PRIORITY[one.priority], "name": one.priority}, "labels": list(one.labels),
            **_accepted(one.description),
        })  # fmt: skip
    epic = site.create(IDA, {"project": shop, "summary": "Checkout without surprises", "issuetype": kind("Epic"),
                             "description": document("What a customer sees before she pays is what she pays.")})  # fmt: skip
    rows = list(site.issues.values())
    for row in rows[6:8]:
        row["fields"]["parent"] = beside(epic)
        site.changed(row, site.now())
    site.block(rows[4], rows[3])
    return site
