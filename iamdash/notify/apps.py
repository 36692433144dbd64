from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "iamdash.notify"
    label = "notify"
