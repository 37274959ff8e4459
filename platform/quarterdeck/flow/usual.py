"""What runs of a project usually cost and take, from those that sealed: what a person may expect of a plan."""

from statistics import median

from deckwire.requests import Fact
from quarterdeck.record.models import Proposal, Run
from quarterdeck.record.views.proposals import span

LOOKED_AT = 20
UNKNOWN = "not known: no run of this project has sealed yet"


def facts(run: Run) -> list[Fact]:
    """Cost and time of the newest sealed heads, each as a median; said plainly where there is none to look at."""
    rows = Proposal.objects.filter(run__project=run.project_id, evidence__isnull=False).order_by("-sealed_at")
    found = [one for one in rows.values_list("evidence", flat=True)[:LOOKED_AT] if one and "cost_micro" in one]
    if not found:
        return [Fact(label="Usual cost and time", value=UNKNOWN)]
    of = "the last run" if len(found) == 1 else f"the last {len(found)} runs"
    cost = median(one["cost_micro"] for one in found) / 1_000_000
    seconds = int(median(one["seconds"] for one in found))
    return [
        Fact(label=f"Cost of {of}", value=f"${cost:.2f}"),
        Fact(label=f"Time of {of}", value=span(seconds)),
    ]
