"""What can be counted of the record at this moment, for whoever watches the installation from outside."""

from django.db import connection

from deckwire.words import Phase

RUNS = "select phase, count(*) from record_run group by phase"
OLDEST = """
    select coalesce(max(extract(epoch from now() - phase_since)) filter (where phase = 'queued'), 0),
           coalesce(max(extract(epoch from now() - phase_since)) filter (where phase in ('waiting', 'review')), 0)
    from record_run where phase in ('queued', 'waiting', 'review')"""
OUTBOX = "select state, count(*) from record_outbox where state in ('waiting', 'stuck') group by state"
REQUESTS = "select count(*) from record_request where state = 'open'"
ATTEMPTS = "select state, count(*) from record_attempt where state in ('created', 'pending', 'running') group by state"
RECONCILER = "select extract(epoch from until - now()) from record_lease where name = 'reconciler' and holder <> ''"
Counts = dict[str, float]


def read() -> dict[str, Counts]:
    """By meter, then by label ("" where there is none). Seconds are seconds; absent states count zero."""
    with connection.cursor() as cursor:

        def pairs(sql: str) -> Counts:
            cursor.execute(sql)
            return {str(word): float(count) for word, count in cursor.fetchall()}

        def line(sql: str) -> list[float]:
            cursor.execute(sql)
            return [float(one) for one in cursor.fetchone() or ()]

        queued, person = line(OLDEST)
        return {
            "runs": dict.fromkeys(map(str, Phase), 0.0) | pairs(RUNS),
            "oldest_seconds": {"queue": queued, "person": person},
            "outbox": {"waiting": 0.0, "stuck": 0.0} | pairs(OUTBOX),
            "requests_open": {"": line(REQUESTS)[0]},
            "attempts": {"created": 0.0, "pending": 0.0, "running": 0.0} | pairs(ATTEMPTS),
            "reconciler_lease_seconds": {"": next(iter(line(RECONCILER)), -1.0)},
        }
