"""What the browser can reach. The agents' doors are not here: they stand in front of Django (asgi.py)."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from quarterdeck.doors.api.app import api


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz),
    path("api/v1/", api.urls),
]
