"""Signing in and out. Of allauth's pages only those that have a meaning here; sign-up is closed by the adapter."""

from __future__ import annotations

from allauth.account import views
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from allauth.socialaccount import views as social
from django.conf import settings
from django.urls import include, path

from iamdash.access import security, signing, sso_views

urlpatterns = [
    path("", views.login, name="account_login"),
    path("out/", views.logout, name="account_logout"),
    path("password/", views.password_change, name="account_change_password"),
    path("password/first/", security.no_password, name="account_set_password"),
    path("confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("up/", views.signup, name="account_signup"),
    path("security/", security.page, name="security"),
    # Where allauth leads to after a change; reached as `security`.
    path("security/", security.page, name="mfa_index"),
    path("security/", security.page, name="mfa_list_webauthn"),
    path("security/sessions/<int:pk>/end/", security.end_session, name="session-end"),
    path("security/sessions/end/", security.end_sessions, name="sessions-end"),
    path("second/", mfa.authenticate, name="mfa_authenticate"),
    path("second/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("security/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("security/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("security/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("security/codes/make/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("passkey/", signing.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("passkey/confirm/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("security/keys/add/", keys.add_webauthn, name="mfa_add_webauthn"),
    path("security/keys/<int:pk>/remove/", keys.remove_webauthn, name="mfa_remove_webauthn"),
    path("security/keys/<int:pk>/name/", keys.edit_webauthn, name="mfa_edit_webauthn"),
    path("oidc/<str:provider_id>/login/", sso_views.login, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", sso_views.callback, name="openid_connect_callback"),
    path("oidc/confirm/", sso_views.confirm, name="sso_confirm"),
    path("cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
]
if "saml" in settings.SSO:
    urlpatterns.append(path("", include("iamdash.access.saml.urls")))
