from django.apps import AppConfig


class DoorsConfig(AppConfig):
    name = "quarterdeck.doors"
    label = "doors"
    verbose_name = "Doors"
