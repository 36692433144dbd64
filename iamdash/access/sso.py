"""Who comes in by single sign-on. The identity provider says who somebody is; whether they may, an admin says.

Either an operator was made before, with the provider's id of the person (sub) or with an e-mail address that the provider calls
verified; or a group of the provider's is given a role and accounts (IAMDASH_OIDC_GROUPS), which then hold for as long as the
person is in it: they are read again at each sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from collectors.models import Account
from collectors.records import clean
from findings.models import AccountGroup
from findings.models.decided import STANDS
from iamdash.access import audit
from iamdash.access.configured import Grant, Provider
from iamdash.access.database import seeing_all
from iamdash.access.models import RANK, Operator, Role

LONGEST = 254  # characters: an e-mail address has no more
KEPT = ("sub", "email", "preferred_username", "name")  # of what the provider told


class NotAdmittedError(Exception):
    """In words for the person, and for the audit log."""


class Adapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """`pre_social_login` has found or made the operator; whoever gets here has none."""
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("security")

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, **_: Any) -> None:
        """What was wrong is for the web server's log; who says no at the provider did not fail."""
        if error != AuthError.CANCELLED:
            audit.record(request, "sign-in-failed", "by single sign-on", outcome=audit.Outcome.REFUSED)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        provider = settings.SSO.get(sociallogin.account.provider) or settings.SSO.get("openid_connect")
        try:
            told = claims(sociallogin.account.extra_data)
            sociallogin.account.extra_data = {"userinfo": {key: told[key] for key in KEPT if key in told}}
            sociallogin.state["auth_time"] = told.get("auth_time")
            operator, made = admitted(sociallogin, told, provider)
        except NotAdmittedError as reason:
            audit.record(
                request, "sign-in-refused", sociallogin.account.uid, outcome=audit.Outcome.REFUSED, why=str(reason)
            )
            raise ImmediateHttpResponse(
                render(request, "socialaccount/refused.html", {"reason": str(reason)}, status=403)
            ) from reason
        if made:
            audit.record(request, "operator-made", operator.username, by=operator, **rights_of(operator))
        if not sociallogin.is_existing:
            sociallogin.connect(request, operator)
            audit.record(request, "sso-linked", operator.username, by=operator, id=sociallogin.account.uid)


def claims(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the provider told, the signed token under what it answered when asked. Raises NotAdmittedError."""
    token, answer = data.get("id_token"), data.get("userinfo")
    if not isinstance(token, dict) and not isinstance(answer, dict):
        return _fitting(data)
    token, answer = token if isinstance(token, dict) else {}, answer if isinstance(answer, dict) else {}
    if token and answer and token.get("sub") != answer.get("sub"):
        raise NotAdmittedError("The identity provider told of two different people.")
    if "email" in answer and answer["email"] != token.get("email"):
        token = {name: value for name, value in token.items() if name != "email_verified"}  # of another address
    return _fitting({**token, **answer})


def _fitting(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is kept only what the database can keep."""
    large = {key for key in KEPT if isinstance(told.get(key), str) and len(told[key]) > LONGEST}
    return {key: clean(value) if key in KEPT else value for key, value in told.items() if key not in large}


def admitted(sociallogin: SocialLogin, told: Mapping[str, Any], provider: Provider) -> tuple[Operator, bool]:
    """The operator, and whether it was made just now. Raises NotAdmittedError."""
    grant = granted(told.get(provider.groups_claim), provider.groups)
    operator = sociallogin.user if sociallogin.is_existing else _known(sociallogin.account, told)
    if operator is None and grant is None:
        raise NotAdmittedError(
            "Nobody made you an operator, and none of your groups is given a role here. Ask an admin of iamdash."
        )
    if operator is None:
        return _made(told, sociallogin.account.uid, grant), True
    if not operator.is_active:
        raise NotAdmittedError("Your operator was deactivated. Ask an admin of iamdash.")
    if operator.sso_managed:
        if grant is None:
            raise NotAdmittedError("None of your groups is given a role here any more. Ask an admin of iamdash.")
        _give(operator, grant)
    return operator, False


def granted(told: Any, groups: Mapping[str, Grant]) -> Grant | None:
    """Of all groups that count: the highest role, and the accounts of all that give it. None: none of them does.

    Accounts of a lower role are left out: an operator has one role for all that is seen.
    """
    names = (
        {told}
        if isinstance(told, str)
        else {n for n in told if isinstance(n, str)}
        if isinstance(told, list)
        else set()
    )
    given = [groups[name] for name in names if name in groups]
    if not given:
        return None
    role = max((one.role for one in given), key=lambda role: RANK[Role(role)])
    same = [one for one in given if one.role == role]
    return Grant(
        role,
        any(one.all_accounts for one in same),
        frozenset().union(*(one.accounts for one in same)),
        frozenset().union(*(one.groups for one in same)),
    )


def _known(account: SocialAccount, told: Mapping[str, Any]) -> Operator | None:
    """Made before by an admin. Who is linked to somebody else already is not found by e-mail: addresses get new owners."""
    if by_id := Operator.objects.filter(sso_id=account.uid).first():
        return by_id
    email = told.get("email")
    if not isinstance(email, str) or not email or told.get("email_verified") not in (True, "true"):
        return None
    found = Operator.objects.filter(email__iexact=email, sso_id="").exclude(socialaccount__provider=account.provider)
    if found.count() > 1:
        raise NotAdmittedError(
            "Several operators have your e-mail address. Ask an admin of iamdash to tell them apart."
        )
    return found.first()


def _made(told: Mapping[str, Any], uid: str, grant: Grant) -> Operator:
    wanted = [str(told.get(key) or "") for key in ("preferred_username", "email")]
    name = get_account_adapter().generate_unique_username([*wanted, f"sso-{uid}"])
    email = str(told.get("email") or "") if told.get("email_verified") in (True, "true") else ""
    operator = Operator.objects.create_user(name, None, email=email, role=grant.role, sso_managed=True)
    _give(operator, grant)
    return operator


def _give(operator: Operator, grant: Grant) -> None:
    """What the groups give now; accounts and groups that do not exist (any more) give nothing."""
    with transaction.atomic():
        operator.role, operator.all_accounts = grant.role, grant.all_accounts
        with seeing_all():
            accounts = list(Account.objects.filter(aws_id__in=grant.accounts).values_list("pk", flat=True))
            groups = list(AccountGroup.objects.filter(STANDS, name__in=grant.groups).values_list("key", flat=True))
        operator.account_groups = groups
        operator.save(update_fields=["role", "all_accounts", "account_groups"])
        given = Operator.accounts.through.objects
        given.filter(operator=operator).exclude(account__in=accounts).delete()
        given.bulk_create(
            [Operator.accounts.through(operator=operator, account_id=pk) for pk in accounts], ignore_conflicts=True
        )


def rights_of(operator: Operator) -> dict[str, Any]:
    """For the audit log."""
    accounts = Operator.accounts.through.objects.filter(operator=operator).values_list("account_id", flat=True)
    with seeing_all():
        ids = sorted(Account.objects.filter(pk__in=list(accounts)).values_list("aws_id", flat=True))
        names = AccountGroup.objects.filter(STANDS, key__in=operator.account_groups)
        groups = sorted(names.values_list("name", flat=True))
    return {
        "role": operator.role,
        "all_accounts": operator.all_accounts,
        "accounts": ids,
        "groups": groups,
        "active": operator.is_active,
    }
