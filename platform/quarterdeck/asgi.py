"""One process, three callers: agents (pure ASGI, before Django), dashboards' sockets (Channels), pages and the API."""
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
application = get_asgi_application()
