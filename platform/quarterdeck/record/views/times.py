"""Moments as the dashboard takes them: whole milliseconds since the epoch."""

from datetime import datetime


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)
