"""Where a tracker's sign-in sends the owner's browser back to. The state in it must be one that this very person was given."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quarterdeck.doors.pages import said
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import sign_ins
from quarterdeck.flow.actor import person

PATH, SETTINGS = "/connect/jira", "/settings?part=Trackers"


def back_address(request: HttpRequest) -> str:
    """As it stands in the client's settings at Atlassian: the first address that people use, else the one asked for now."""
    return f"{settings.ORIGINS[0] if settings.ORIGINS else f'http://{request.get_host()}'}{PATH}"


@require_safe
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if not request.user.is_superuser:
        return said(request, 403, "This needs an owner", "Only the owner connects trackers.")
    given = request.GET
    try:
        sign_ins.finish(request.user, person(request.user), given.get("state", "")[:200], given.get("code", "")[:4000],
                        back_address(request))  # fmt: skip
    except (Refused, TryLater, GaveUp) as no:
        words = " ".join(part for part in (no.text, getattr(no, "remedy", "")) if part)
        return said(
            request, getattr(no, "status", 503), "Not signed in", words, link=SETTINGS, link_text="To the settings"
        )
    return HttpResponseRedirect(SETTINGS)
