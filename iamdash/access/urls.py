"""Signing in and out. Of allauth's pages only those that have a meaning here; sign-up is closed by the adapter."""

from __future__ import annotations

from allauth.account import views
from django.urls import path

urlpatterns = [
    path("", views.login, name="account_login"),
    path("out/", views.logout, name="account_logout"),
    path("password/", views.password_change, name="account_change_password"),
    path("password/first/", views.password_set, name="account_set_password"),
    path("confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("up/", views.signup, name="account_signup"),
]
