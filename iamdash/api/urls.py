from __future__ import annotations

from django.urls import include, path

from iamdash.api import pages
from iamdash.api.v1 import PREFIX, api

# ninja's own root, which is only a name, is left out.
PATHS = [one for one in api.urls[0] if one.name != "api-root"]

urlpatterns = [
    path("settings/api/", pages.operations, name="settings-api"),
    path("settings/api/openapi.json", pages.document, name="settings-api-document"),
    path(PREFIX, include(PATHS)),
]
