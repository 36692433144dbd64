from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "iamdash.api"
    label = "api"
