"""The addresses of an installation with SAML."""

from __future__ import annotations

from django.urls import include, path

from iamdash import urls

urlpatterns = [path("sign-in/", include("iamdash.access.saml.urls")), *urls.urlpatterns]
handler400 = urls.handler400
