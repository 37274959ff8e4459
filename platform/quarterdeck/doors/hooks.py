"""Where trackers deliver their webhooks: checked, stored, answered. The work is done by the worker."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from quarterdeck.doors.rates import Bucket
from quarterdeck.errors import GaveUp, Refused
from quarterdeck.flow import deliveries

_rates: dict[str, Bucket] = {}
MOST_SENDERS = 10_000


@csrf_exempt
@require_POST
def take(request: HttpRequest, connection: UUID) -> HttpResponse:
    """202 for a new delivery and for one that was here before. Signed by a secret, so it needs no session."""
    if _length(request) > deliveries.MOST_BYTES:
        return _no(Refused("This delivery is too long.", reason="too_big", status=413))
    if not _may(request):
        return _no(Refused("Too many deliveries at once.", reason="too_fast", status=429))
    try:
        new = deliveries.keep(connection, dict(request.headers), request.body)
    except Refused as no:
        return _no(no)
    except GaveUp as broken:
        return _no(Refused(broken.text, reason=broken.reason, status=503))
    return JsonResponse({"new": new}, status=202)


def _length(request: HttpRequest) -> int:
    given = request.headers.get("Content-Length", "")
    return int(given) if given.isdigit() else 0


def _may(request: HttpRequest) -> bool:
    if len(_rates) > MOST_SENDERS:
        _rates.clear()
    return _rates.setdefault(request.META.get("REMOTE_ADDR", ""), Bucket(per_second=200, burst=2000)).take()


def _no(no: Refused) -> HttpResponse:
    return JsonResponse({"reason": no.reason, "text": no.text}, status=no.status)
