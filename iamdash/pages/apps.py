from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "iamdash.pages"
    label = "pages"
