from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "quarterdeck.record"
    label = "record"
    verbose_name = "What is true"
