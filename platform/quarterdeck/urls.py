"""What the browser can reach. The agents' doors are not here: they stand in front of Django (asgi.py)."""

from allauth.account import views as accounts
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from quarterdeck.doors import connect, hooks, pages
from quarterdeck.doors.api.app import api


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


# Of allauth only what is used: nobody signs up by himself, and nothing here sends mail.
urlpatterns = [
    path("", pages.home),
    path("healthz", healthz),
    path("api/v1/", api.urls),
    path("connect/jira", connect.back),
    path("hooks/<uuid:connection>", hooks.take),
    path("accounts/login/", accounts.login, name="account_login"),
    path("accounts/logout/", accounts.logout, name="account_logout"),
    path("accounts/inactive/", accounts.account_inactive, name="account_inactive"),
    path("welcome/<str:token>", pages.welcome),
    re_path(r"^(?:api|static|accounts|agent|live|hooks)(?:/.*)?$", pages.nothing),
    re_path(r"^.*$", pages.dashboard),
]
handler404 = pages.not_found
