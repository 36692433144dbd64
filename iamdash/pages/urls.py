from __future__ import annotations

from django.urls import path

from iamdash.pages import (
    account,
    accounts,
    finding,
    findings,
    key,
    keys,
    overview,
    principal,
    principals,
    probes,
    rules,
    run,
    runs,
)

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("findings/", findings.FindingList.as_view(), name="findings"),
    path("findings/<int:pk>/", finding.detail, name="finding"),
    path("principals/", principals.PrincipalList.as_view(), name="principals"),
    path("principals/<str:aws_id>/<path:unique_id>/", principal.detail, name="principal"),
    path("keys/", keys.KeyList.as_view(), name="keys"),
    path("keys/<str:aws_id>/<path:key_id>/", key.detail, name="key"),
    path("rules/", rules.catalogue, name="rules"),
    path("rules/<str:code>/", rules.detail, name="rule"),
    path("accounts/", accounts.AccountList.as_view(), name="accounts"),
    path("accounts/add/", account.add, name="account-add"),
    path("accounts/<str:aws_id>/", account.detail, name="account"),
    path("accounts/<str:aws_id>/collect/", account.collect, name="account-collect"),
    path("accounts/<str:aws_id>/upload/", account.upload, name="account-upload"),
    path("accounts/<str:aws_id>/test/", account.test, name="account-test"),
    path("accounts/<str:aws_id>/test/state/", account.test_state, name="account-test-state"),
    path("accounts/<str:aws_id>/pause/", account.pause, name="account-pause"),
    path("runs/", runs.RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", run.detail, name="run"),
    path("runs/<int:pk>/cancel/", run.cancel, name="run-cancel"),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
]
