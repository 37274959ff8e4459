"""A request that has passed its door: `auth` is who asks."""

from django.http import HttpRequest

from quarterdeck.doors.access import Caller


class Asked(HttpRequest):
    auth: Caller
