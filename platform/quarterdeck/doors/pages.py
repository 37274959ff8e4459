"""The dashboard's one page, the way in by a one-time link, and the few sentences for when there is nothing to show."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from quarterdeck.doors.api.errors import answer
from quarterdeck.errors import Refused
from quarterdeck.flow import owner_token, people

BACKEND = "django.contrib.auth.backends.ModelBackend"


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/inbox")


@lru_cache(maxsize=8)
def read(path: Path) -> bytes:
    """The page of the build that this process began with: of a newer one under a running house it knows no file. What the
    page loads stays on disk beside the newer one (frontend/older-builds.mjs)."""
    return path.read_bytes()


@require_safe
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """Every address of the dashboard is this one page; it never stays in a cache, what it loads does."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    try:
        page = (read.__wrapped__ if settings.DEBUG else read)(settings.FRONTEND_DIR / "index.html")
    except FileNotFoundError:
        return said(request, 503, "The dashboard is not built",
                    "The platform runs and agents go on. Build the dashboard in frontend, then reload this page.")  # fmt: skip
    get_token(request)  # the page sends it back with every change
    return HttpResponse(page, content_type="text/html; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The owner's first way in, and an invitation's: works once, for 24 hours."""
    link = people.look_up(token)
    if link is None:
        return said(request, 404, "This link is over", "It was used already, or its 24 hours are over. Ask for a new one.",
                    link=settings.LOGIN_URL, link_text="Sign in")  # fmt: skip
    told = {"owner": link.person.is_superuser, "name": link.person.name, "username": "", "wrong": ""}
    if request.method != "POST":
        return render(request, "welcome.html", told)
    name, username = request.POST.get("name", ""), request.POST.get("username", "").strip()
    try:
        person = people.redeem(token, name=name, username=username, password=request.POST.get("password", ""))
        if person.is_superuser and (settings.CLUSTER == "local" or settings.KUBECONFIG):
            owner_token.renew()  # commands on this machine act for its owner
    except Refused as no:
        return render(
            request, "welcome.html", told | {"name": name, "username": username, "wrong": no.text}, status=422
        )
    login(request, person, backend=BACKEND)
    return HttpResponseRedirect("/inbox")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return answer(404, "not_found", "There is nothing here by that name.")
    return said(request, 404, "Nothing here", "There is no such page.", link="/inbox", link_text="To the inbox")


def nothing(request: HttpRequest) -> HttpResponse:
    raise Http404


def said(
    request: HttpRequest, status: int, title: str, text: str, *, link: str = "", link_text: str = ""
) -> HttpResponse:
    told = {"title": title, "text": text, "link": link, "link_text": link_text}
    return render(request, "said.html", told, status=status)
