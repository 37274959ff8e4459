"""Big answers as they are: pydantic writes the JSON once, and nothing checks its own work again."""

from django.http import HttpResponse
from pydantic import BaseModel


def as_is(view: BaseModel) -> HttpResponse:
    return HttpResponse(view.model_dump_json(by_alias=True), content_type="application/json")
