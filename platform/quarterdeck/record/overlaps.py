"""Which open runs of one repository touch the same files: told before they collide, on both cards."""

import json
from uuid import UUID

from django.db import connection

from quarterdeck.record import wakes
from quarterdeck.record.models import OPEN_PHASES, Run

# What an agent said it edited, and what its sealed head changes. The first is a claim: here it can only show too much.
_TOUCHED = """
with live as (
    select r.id, rr.repository_id, t.key from record_run r
    join record_runrepository rr on rr.run_id = r.id join record_ticket t on t.id = r.ticket_id
    where r.phase = any(%(open)s)
), touched as (
    select l.id, l.repository_id, l.key, e.body->>'path' as path from live l
    join record_event e on e.stream = 'run:' || l.id and e.kind = 'edited'
    union
    select l.id, l.repository_id, l.key, f->>'path' from live l
    join record_proposal p on p.run_id = l.id and not p.void
    cross join lateral jsonb_array_elements(p.stats->'files') f
), pairs as (
    select a.id, jsonb_agg(distinct b.key order by b.key) as keys from touched a
    join touched b on b.repository_id = a.repository_id and b.path = a.path and b.id <> a.id group by a.id
)
select r.id, coalesce(p.keys, '[]')::text from record_run r left join pairs p on p.id = r.id
where r.overlaps <> coalesce(p.keys, '[]')
"""


def sweep() -> int:
    """One query when nothing changed. Returns how many cards did."""
    changed = _changed()
    for run, keys in changed:
        Run.objects.filter(id=run).update(overlaps=keys)
        wakes.tell("card", run=str(run))
    return len(changed)


def _changed() -> list[tuple[UUID, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"open": OPEN_PHASES})
        return [(run, json.loads(keys)) for run, keys in cursor.fetchall()]
