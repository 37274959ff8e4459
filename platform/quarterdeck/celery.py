"""The worker's app. Celery carries pokes ("look at the table") and sweeps; losing the broker loses nothing but time."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
app = Celery("quarterdeck")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["quarterdeck.doors"], related_name="jobs")
