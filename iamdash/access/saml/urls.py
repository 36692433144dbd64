"""`/sign-in/saml/sso/acs/` is where the provider sends its answers to."""

from __future__ import annotations

from django.urls import path

from iamdash.access.saml import views

urlpatterns = [
    path("saml/<slug:organization_slug>/login/", views.login, name="saml_login"),
    path("saml/<slug:organization_slug>/acs/", views.acs, name="saml_acs"),
    path("saml/<slug:organization_slug>/acs/finish/", views.finish, name="saml_finish_acs"),
    path("saml/<slug:organization_slug>/metadata/", views.metadata, name="saml_metadata"),
    path("saml/<slug:organization_slug>/sls/", views.none, name="saml_sls"),
]
