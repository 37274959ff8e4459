"""One process, three callers: agents (pure ASGI, before Django), dashboards' sockets (Channels), pages and the API."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
site = get_asgi_application()

# After Django is set up: what follows imports models.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from quarterdeck.doors import agent  # noqa: E402
from quarterdeck.doors.bounded import bounded  # noqa: E402
from quarterdeck.doors.live import LiveConsumer  # noqa: E402

pages = bounded(site, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
sockets = AuthMiddlewareStack(URLRouter([path("live", LiveConsumer.as_asgi())]))
application = agent.wrap(ProtocolTypeRouter({"http": pages, "websocket": sockets}))
