from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("sign-in/", include("iamdash.access.urls")),
    path("", include("iamdash.api.urls")),
    path("", include("iamdash.pages.urls")),
]

handler400 = "iamdash.pages.errors.bad_request"
handler500 = "iamdash.pages.errors.server_error"
