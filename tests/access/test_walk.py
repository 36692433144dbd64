"""Every URL x role x in and out of scope. A new route fails here until it says what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from collectors.models import AccessKey, Account, Connection, Policy, Principal, Run
from findings.analysis.trust.external import Standing
from findings.models import (
    Acceptance,
    AccountGroup,
    AccountOwner,
    AccountPlace,
    Assignment,
    DecidedSetting,
    ExternalAccess,
    Finding,
    GroupMember,
    NamedNetwork,
    Note,
)
from iamdash.access.models import Operator, Role
from iamdash.notify.models import AlertRule, Delivery, Digest
from iamdash.pages.context import NAV
from iamdash.pages.models import SavedView
from tests.collectors.organized import decide, listed, tell
from tests.conftest import AS_OF, WebClient
from tests.notify.telling import channel
from tests.pages import center, reviewing
from tests.pages.acted import acted, changed, judged, named, told, used
from tests.pages.guarded import guarded_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@dataclass(frozen=True)
class Route:
    """args: names of attributes of Things. method: the one that does something. every: only for operators of all accounts.

    leads: it leads to another page. shows: what it did is on the page that answers, and nowhere else.
    """

    args: tuple[str, ...] = ()
    method: str = "get"
    role: Role = Role.VIEWER
    every: bool = False
    leads: bool = False
    shows: bool = False


ROUTES = {
    "overview": Route(),
    "findings": Route(),
    "finding": Route(("finding",)),
    "finding-ticket": Route(("finding",), "post", Role.ANALYST),
    "findings-tickets": Route(role=Role.ANALYST),
    "finding-assign": Route(("finding",), "post", Role.ANALYST),
    "finding-note": Route(("finding",), "post", Role.ANALYST),
    "findings-work": Route(role=Role.ANALYST),
    "findings-bulk": Route(("bulk",), role=Role.ANALYST),
    "findings-owners": Route(),
    "findings-exceptions": Route(),
    "findings-exception-add": Route(role=Role.ANALYST),
    "findings-exception": Route(("acceptance",)),
    "findings-exception-end": Route(("acceptance",), "post", Role.ANALYST),
    "findings-exception-extend": Route(("acceptance",), "post", Role.ANALYST),
    "findings-exception-approve": Route(("acceptance",), "post", Role.ANALYST),
    "principals": Route(),
    "principals-kinds": Route(role=Role.ANALYST),
    "principals-sets": Route(),
    "principals-set": Route(("permission_set",)),
    "principal": Route(("aws_id", "principal")),
    "principal-weeks": Route(("aws_id", "principal")),
    "principal-kind": Route(("aws_id", "principal"), "post", Role.ANALYST),
    "escalation": Route(("aws_id", "principal")),
    "right-size": Route(("aws_id", "principal")),
    "right-size-mark": Route(("aws_id", "principal"), "post", Role.ANALYST),
    "boundary": Route(),
    "boundary-mark": Route(("aws_id",), "post", Role.ANALYST),
    "keys": Route(),
    "key": Route(("aws_id", "key")),
    "key-replaced": Route(("aws_id", "key"), "post", Role.ANALYST),
    "policies": Route(),
    "policy": Route(("aws_id", "policy")),
    "who-can": Route(),
    "why": Route(("aws_id", "principal")),
    "what-if": Route(),
    "guardrails": Route(),
    "guardrails-accounts": Route(),
    "guardrails-boundaries": Route(),
    "guardrails-boundary": Route(("aws_id", "policy")),
    "guardrail": Route(("guardrail",)),
    "external-access": Route(),
    "activity": Route(),
    "activity-did": Route(),
    "activity-days": Route(),
    "activity-weeks": Route(),
    "activity-resources": Route(),
    "activity-buckets": Route(),
    "activity-changes": Route(),
    "activity-trails": Route(),
    "activity-recorded": Route(),
    "activity-change": Route(("change",)),
    "networks": Route(),
    "network-add": Route(role=Role.ADMIN),
    "networks-aws": Route(role=Role.ADMIN, every=True),
    "network-end": Route(("network",), "post", Role.ADMIN),
    "settings": Route(),
    "settings-decide": Route(role=Role.ADMIN),
    "settings-end": Route(("setting",), "post", Role.ADMIN),
    "settings-tokens": Route(),
    "settings-token-add": Route(),
    "settings-api": Route(),
    "settings-api-document": Route(),
    "settings-profile": Route(),
    "settings-views": Route(),
    "settings-view-add": Route(),
    "settings-view": Route(("view",)),
    "settings-view-default": Route(("view",), "post"),
    "settings-view-end": Route(("view",), "post", Role.ADMIN),
    "search": Route(),
    "settings-operators": Route(role=Role.ADMIN, every=True),
    "settings-operator-add": Route(role=Role.ADMIN, every=True),
    "settings-operator": Route(("operator",), role=Role.ADMIN, every=True),
    "settings-operator-mfa": Route(("operator",), "post", Role.ADMIN, every=True),
    "settings-operator-password": Route(("operator",), "post", Role.ADMIN, every=True, shows=True),
    "settings-operator-sessions": Route(("operator",), "post", Role.ADMIN, every=True),
    "settings-audit": Route(role=Role.ADMIN, every=True),
    "settings-alerts": Route(),
    "settings-alert-rule-add": Route(role=Role.ADMIN),
    "settings-alert-rule-end": Route(("alert_rule",), "post", Role.ADMIN),
    "settings-digest-add": Route(role=Role.ADMIN),
    "settings-digest-end": Route(("digest",), "post", Role.ADMIN),
    "settings-channel-add": Route(role=Role.ADMIN, every=True),
    "settings-channel": Route(("channel",), role=Role.ADMIN, every=True),
    "settings-channel-lead": Route(("channel",), role=Role.ADMIN, every=True),
    "settings-channel-test": Route(("channel",), "post", Role.ADMIN, every=True),
    "settings-channel-test-state": Route(("channel",), role=Role.ADMIN, every=True),
    "settings-channel-pause": Route(("channel",), "post", Role.ADMIN, every=True),
    "settings-channel-end": Route(("channel",), "post", Role.ADMIN, every=True),
    "settings-deliveries": Route(role=Role.ANALYST, every=True),
    "settings-delivery": Route(("delivery",), role=Role.ANALYST, every=True),
    "accounts-cost": Route(),
    "account-start": Route(("aws_id",)),
    "settings-status": Route(role=Role.ANALYST, every=True),
    "accounts-collect": Route((), "post", Role.ANALYST),
    "accounts-groups": Route(),
    "accounts-group-add": Route(role=Role.ADMIN, every=True),
    "accounts-group": Route(("group",), role=Role.ADMIN, every=True),
    "accounts-group-end": Route(("group",), "post", Role.ADMIN, every=True),
    "accounts-owners": Route(),
    "accounts-owner-add": Route(role=Role.ADMIN),
    "accounts-owner-end": Route(("owner",), "post", Role.ADMIN),
    "proposed-scps": Route(),
    "proposed-scps-ask": Route(("aws_id",), "post", Role.ANALYST),
    "accounts": Route(),
    "account": Route(("aws_id",)),
    "account-add": Route(role=Role.ADMIN, every=True),
    "accounts-organizations": Route(every=True),
    "accounts-organization": Route(("organization",), every=True),
    "accounts-organization-connect": Route(("heard_by",), role=Role.ADMIN, every=True),
    "accounts-organization-change": Route(("organization",), role=Role.ADMIN, every=True),
    "accounts-organization-templates": Route(("organization",), role=Role.ADMIN, every=True),
    "accounts-organization-pause": Route(("organization",), "post", Role.ADMIN, every=True),
    "accounts-organization-test": Route(("organization",), "post", Role.ADMIN, every=True),
    "accounts-organization-disconnect": Route(("organization",), role=Role.ADMIN, every=True),
    "accounts-organization-reconnect": Route(("organization",), "post", Role.ADMIN, every=True),
    "account-collect": Route(("aws_id",), "post", Role.ANALYST),
    "account-upload": Route(("aws_id",), "post", Role.ANALYST),
    "account-test": Route(("aws_id",), "post", Role.ANALYST),
    "account-test-state": Route(("aws_id",)),
    "account-pause": Route(("aws_id",), "post", Role.ADMIN),
    "reviews": Route(),
    "reviews-add": Route(role=Role.ADMIN, every=True),
    "review": Route(("review",)),
    "reviews-close": Route(("review",), "post", Role.ADMIN, every=True),
    "reviews-delegate": Route(("review",), "post"),
    "reviews-export": Route(("review",)),
    "reviews-next": Route(("review",), leads=True),
    "reviews-items": Route(("review",)),
    "reviews-decide-many": Route(("review",), "post"),
    "reviews-item": Route(("review", "review_item")),
    "reviews-decide": Route(("review", "review_item"), "post"),
    "runs": Route(),
    "run": Route(("run",)),
    "run-cancel": Route(("run",), "post", Role.ANALYST),
    "trends": Route(),
    "trends-report": Route(),
    "rules": Route(),
    "rules-unknown": Route(),
    "rules-frameworks": Route(),
    "rules-framework": Route(("framework",)),
    "rules-framework-report": Route(("framework",)),
    "rules-control": Route(("framework", "control")),
    "rule": Route(("code",)),
}
FORMS = {
    "findings-work",
    "findings-bulk",
    "findings-exception-add",
    "accounts-organization-connect",
    "accounts-organization-change",
    "accounts-organization-disconnect",
    "settings-decide",
    "settings-operator-add",
    "settings-operator",
    "settings-token-add",
    "principals-kinds",
    "settings-profile",
    "settings-view-add",
    "settings-view",
    "settings-alert-rule-add",
    "settings-digest-add",
    "settings-channel-add",
    "settings-channel-lead",
    "accounts-group-add",
    "accounts-group",
    "accounts-owner-add",
    "account-add",
    "reviews-add",
    "findings-tickets",
    "network-add",
    "networks-aws",
    "what-if",
}  # pages that hold a form of their own
OWN = {
    "account_logout",
    "account_change_password",
    "account_set_password",
    "account_reauthenticate",
    "sso_confirm",
    "security",
    "sessions-end",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
}  # of the operator, not of an account
TOP = {view for _, view, _ in NAV} | {"search"}  # of the navigation, or of all of it
OPEN = {
    "account_login",
    "account_inactive",
    "account_signup",
    "favicon",
    "livez",
    "readyz",
    "socialaccount_login_cancelled",
}  # to strangers
# To strangers, on their way: tests/access/test_sign_in.py and test_sso.py.
ON_THE_WAY = {"mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback"}

# By a token: name -> args, and the scope it needs; tests/api/test_walk.py.
API = {
    "api-document": ((), ""),
    "api-findings": ((), "findings:read"),
    "api-finding": (("finding",), "findings:read"),
    "api-rules": ((), "findings:read"),
    "api-rule": (("code",), "findings:read"),
    "api-principals": ((), "inventory:read"),
    "api-principal": (("aws_id", "principal"), "inventory:read"),
    "api-keys": ((), "inventory:read"),
    "api-key": (("aws_id", "key"), "inventory:read"),
    "api-accounts": ((), "inventory:read"),
    "api-account": (("aws_id",), "inventory:read"),
    "api-coverage": ((), "inventory:read"),
    "api-trends": ((), "trends:read"),
    "api-trends-by": (("by",), "trends:read"),
}
OF_ONE = {
    "principals-kinds-undo",  # tests/pages/test_kinds_many.py
    "settings-token-end",  # tests/api/test_tokens.py
    "session-end",  # tests/access/test_sign_in.py
    "mfa_remove_webauthn",  # tests/browser/test_passkeys.py
    "mfa_edit_webauthn",
}  # an operator's own thing
SIGNED = {"hooks-tickets"}  # by another program, without a session: tests/pages/test_tickets.py


@dataclass(frozen=True)
class Things:
    """One of each thing that has a page, in one account."""

    account: Account
    aws_id: str
    principal: str
    finding: int
    run: int
    key: str
    policy: str
    network: int
    setting: int
    group: UUID
    owner: int
    organization: str
    heard_by: str
    permission_set: str
    guardrail: str
    acceptance: int
    bulk: UUID
    change: int
    code: str = "KY102"
    framework: str = "cis-v5"
    control: str = "1.13"
    by: str = "account"
    name: str = "kept-apart-role"
    channel: int = 0
    alert_rule: int = 0
    digest: int = 0
    delivery: int = 0
    review: int = 0
    review_item: int = 0
    operator: int = 0
    view: int = 0


def things(account: Account) -> Things:
    Connection.objects.create(account=account)
    name = f"kept-apart-role-of-{account.aws_id}"
    principal = Principal.objects.create(
        account=account, unique_id=f"AROA{account.aws_id}", type="role", name=name, path="/", created_at=AS_OF,
        arn=f"arn:aws:iam::{account.aws_id}:role/{name}", digest="d", data_digest="d", seen_from=AS_OF,
        data={"unique_id": f"AROA{account.aws_id}", "name": name, "arn": f"arn:aws:iam::{account.aws_id}:role/{name}",
              "created_at": AS_OF.isoformat(), "trust": "t"},
    )  # fmt: skip
    finding = Finding.objects.create(
        account=account, code="LP101", practice="LP", severity=3, subject_type="role", subject_id=principal.unique_id,
        subject_name=name, title=f"Role {name} is unused", evidence={}, first_opened_at=AS_OF, opened_at=AS_OF,
    )  # fmt: skip
    run = Run.objects.create(account=account, reason="first")
    key = AccessKey.objects.create(
        account=account, unique_id=f"AKIA{account.aws_id}", user_name=name, user_arn=principal.arn, active=True,
        created_at=AS_OF, digest="d", data_digest="d", seen_from=AS_OF,
        data={"unique_id": f"AKIA{account.aws_id}", "user_name": name, "user_arn": principal.arn, "active": True,
              "created_at": AS_OF.isoformat()},
    )  # fmt: skip
    arn = f"arn:aws:iam::{account.aws_id}:policy/{name}"
    policy = Policy.objects.create(
        account=account, unique_id=f"ANPA{account.aws_id}", name=name, arn=arn, aws_managed=False, attachment_count=0,
        digest="d", data_digest="d", seen_from=AS_OF,
        data={"unique_id": f"ANPA{account.aws_id}", "name": name, "arn": arn, "created_at": AS_OF.isoformat(),
              "updated_at": AS_OF.isoformat(), "default_version": "v1", "document": "d"},
    )  # fmt: skip
    ExternalAccess.objects.create(
        account=account, role=principal, standing=Standing.PUBLIC.value, statement=1, principal="*", kind="anyone",
        conditions=[], external_id=False, blocked_by=[],
    )  # fmt: skip
    used(account, principal.as_record, f"s3 {name}")
    named(account, principal.as_record, "s3 GetObject", f"arn:aws:s3:::{name}/a/*")
    changed(account, principal.as_record, "CreateUser", "user", name)
    judged(acted(account, principal.as_record, name, networks=[name], agents=[name]), reasons=[name], lineage=name)
    network = NamedNetwork.objects.create(account=account, cidr="192.0.2.0/24", name=name, set_by=name)
    setting, group, owner = grouped(account, name)
    return Things(
        account, account.aws_id, principal.unique_id, finding.pk, run.pk, key.unique_id, policy.unique_id, network.pk,
        setting, group, owner, *organized(account), center.joined(principal, name).set_arn,
        guarded_by(account, name), *worked_on(account, name), told(account, "role", principal.unique_id, name).pk,
        name=name, **alerted(account, name), **reviewed(account, name), view=viewed(account, name),
        operator=Operator.objects.create_user(f"of-{account.aws_id}").pk,
    )  # fmt: skip


def alerted(account: Account, name: str) -> dict[str, int]:
    """A channel, which is of no account, with a rule and a digest of the account, and a message."""
    to = channel(name=f"channel of {account.aws_id}")
    mine: dict[str, Any] = {"channel": to, "scope": "account", "account": account, "set_by": name}
    alert_rule = AlertRule.objects.create(name=name, kinds=["new"], severity=1, **mine)
    digest = Digest.objects.create(weekday=0, hour=8, **mine)
    message = Delivery.objects.create(channel=to, reason="alert", created_at=AS_OF, due_at=AS_OF, content={}, total=1)
    return {"channel": to.pk, "alert_rule": alert_rule.pk, "digest": digest.pk, "delivery": message.pk}


def worked_on(account: Account, name: str) -> tuple[int, UUID]:
    """An acceptance of the account that was made with others, and what made them; beside it one by a tag that only it has."""
    terms = {
        "severity": 5,
        "reason": name,
        "owner": name,
        "set_by": name,
        "expires_at": timezone.now() + timedelta(days=9),
    }
    Acceptance.objects.create(scope="ou", target=f"ou-{name}", code="LP999", **terms)
    one = Acceptance.objects.create(scope="account", account=account, subject_name=name, bulk=uuid4(), **terms)
    same = {"account": account, "code": "LP101", "subject_id": f"AROA{account.aws_id}", "set_by": name}
    Assignment.objects.create(to=name, **same)
    Note.objects.create(text=name, **same)
    Finding.objects.filter(account=account).update(assignee=name)
    return one.pk, one.bulk


def viewed(account: Account, name: str) -> int:
    """A view that somebody else shared and that names the account; of the view's owner and admins."""
    owner, _ = Operator.objects.get_or_create(username="who-shares")
    query = f"account={account.aws_id}"
    return SavedView.objects.create(list="findings", name=name, query=query, owner=owner, shared=True).pk


def grouped(account: Account, name: str) -> tuple[int, UUID, int]:
    """A setting, a group and an owner of the account, and what is said of a place that only it has."""
    AccountPlace.objects.create(account=account, ous=["r-1", f"ou-{name}"], names=["Root", name], tags={name: name})
    group = AccountGroup.objects.create(name=f"group {name}", ous=[f"ou-{name}"], tags=[f"{name}=x"], set_by=name)
    GroupMember.objects.create(group=group.key, account=account, set_by=name)
    for scope, target in (("ou", f"ou-{name}"), ("group", str(group.key))):
        AccountOwner.objects.create(scope=scope, target=target, name=name, set_by=name)
        DecidedSetting.objects.create(scope=scope, target=target, name="unused_days", value=3, reason=name, set_by=name)
    mine: dict[str, Any] = {"scope": "account", "account": account, "set_by": name}
    setting = DecidedSetting.objects.create(name="unused_days", value=4, reason=name, **mine)
    return setting.pk, group.key, AccountOwner.objects.create(name=name, **mine).pk


def reviewed(account: Account, name: str) -> dict[str, int]:
    """A review of this account alone, and an item of it."""
    review = reviewing.review(account, title=name)
    return {"review": review.pk, "review_item": reviewing.item(review, account, name=name).pk}


def organized(account: Account) -> tuple[str, str]:
    """Id of an organization that the account told of and that is connected; another account that told of one that is not."""
    other = Account.objects.create(aws_id=f"9{account.aws_id[1:]}", name=f"teller of {account.aws_id}")
    Connection.objects.create(account=other)
    for n, teller in enumerate((account, other)):
        tell(teller, listed(int(account.aws_id) + 100), organization=f"o-{n}{account.aws_id}")
    return decide(account, f"o-0{account.aws_id}").organization_id, other.aws_id


@pytest.fixture(scope="module")
def both(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Things, Things]]:
    """Made once: a test's own transaction lies inside this one, and what it changes goes with it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield (
            things(Account.objects.create(aws_id="000000000001", name="payments-prod")),
            things(Account.objects.create(aws_id="000000000002", name="sandbox")),
        )
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def signed_in(both: tuple[Things, Things], static_files: None, django_db_blocker: Any) -> dict[Any, WebClient]:
    """(role, whether all accounts or the first) -> a client that signed in, once."""
    with django_db_blocker.unblock():
        return {(role, all_): _signed_in(role, all_, both[0].account) for role in Role for all_ in (True, False)}


def _signed_in(role: Role, everything: bool, account: Account) -> WebClient:
    name = f"{role.value}-{everything}"
    operator = Operator.objects.create_user(name, role=role, all_accounts=everything)
    operator.accounts.set([] if everything else [account])
    client = WebClient()
    client.force_login(operator)
    client.operator = operator  # type: ignore[attr-defined]
    return client


@pytest.fixture
def signed(signed_in: dict[Any, WebClient], db: None) -> Callable[..., WebClient]:
    """signed(role, everything, enforce_csrf_checks) -> a client of its own, in a session that is there already."""

    def make(role: Role, everything: bool, **client: Any) -> WebClient:
        web = WebClient(**client)
        web.cookies.load({name: morsel.value for name, morsel in signed_in[role, everything].cookies.items()})
        web.operator = signed_in[role, everything].operator  # type: ignore[attr-defined]
        return web

    return make


@pytest.fixture
def inside(both: tuple[Things, Things], db: None) -> Things:
    return both[0]


@pytest.fixture
def outside(both: tuple[Things, Things], db: None) -> Things:
    return both[1]


def names(patterns: Any) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            found.add(pattern.name)
    return found


def ask(client: Client, name: str, of: Things) -> Any:
    route = ROUTES[name]
    url = reverse(name, args=[getattr(of, arg) for arg in route.args])
    return getattr(client, route.method)(url)


def test_every_route_says_what_it_needs() -> None:
    assert names(get_resolver().url_patterns) == set(ROUTES) | OWN | OPEN | SIGNED | set(API) | OF_ONE | ON_THE_WAY


@pytest.mark.parametrize("name", ROUTES)
def test_a_stranger_is_sent_to_the_sign_in(name: str, inside: Things) -> None:
    response = ask(WebClient(), name, inside)
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_stranger_has_no_pages_of_an_operator(name: str) -> None:
    assert WebClient().get(reverse(name)).status_code == 302


@pytest.mark.parametrize("name", sorted(OPEN - {"account_inactive", "account_signup"}))
def test_what_is_open_to_strangers_names_nothing(name: str, inside: Things) -> None:
    response = WebClient().get(reverse(name))
    assert response.status_code == 200
    assert inside.aws_id not in response.content.decode()


def test_nobody_can_sign_up(db: None) -> None:
    client = WebClient()
    client.post(
        reverse("account_signup"),
        {"username": "me", "password1": "a long password 1", "password2": "a long password 1"},
    )
    assert not Operator.objects.filter(username="me").exists()


@pytest.mark.parametrize("everything", [True, False], ids=["all accounts", "some accounts"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ROUTES)
def test_in_scope_the_role_decides(name: str, role: Role, everything: bool, inside: Things, signed: Any) -> None:
    client = signed(role, everything)
    response = ask(client, name, inside)
    route = ROUTES[name]
    allowed = client.operator.may(route.role) and (everything or not route.every)
    expected = 403 if not allowed else 302 if (route.method == "post" and not route.shows) or route.leads else 200
    assert response.status_code == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if set(r.args) - {"code", "framework", "control"}])
def test_out_of_scope_nothing_exists(name: str, role: Role, inside: Things, outside: Things, signed: Any) -> None:
    client = signed(role, everything=False)
    assert ask(client, name, outside).status_code in {404, 403}
    if client.operator.may(ROUTES[name].role):
        assert ask(client, name, outside).status_code == (403 if ROUTES[name].every else 404)


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if not r.args and not r.every])
def test_lists_and_sums_show_nothing_of_other_accounts(name: str, inside: Things, outside: Things, signed: Any) -> None:
    client = signed(Role.VIEWER, everything=False)
    text = ask(client, name, inside).content.decode()
    assert outside.name not in text
    assert outside.aws_id not in text
    assert outside.account.name not in text


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if not r.args and not r.every])
def test_the_account_of_the_address_does_not_widen_the_scope(
    name: str, inside: Things, outside: Things, signed: Any
) -> None:
    client = signed(Role.ADMIN, everything=False)
    response = client.get(reverse(name), {"account": outside.aws_id})
    assert outside.name not in response.content.decode()
    assert outside.account.name not in response.content.decode()


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "post"])
def test_what_changes_something_is_never_a_get(name: str, inside: Things, signed: Any) -> None:
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    assert signed(Role.ADMIN, everything=True).get(url).status_code == 405


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "post" or n in FORMS])
def test_forms_need_their_token(name: str, inside: Things, signed: Any) -> None:
    client = signed(Role.ADMIN, everything=True, enforce_csrf_checks=True)
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    assert client.post(url).status_code == 403


@pytest.mark.parametrize("name", [n for n in ROUTES if ROUTES[n].method == "get"])
def test_pages_behind_the_sign_in_are_not_cached_and_framed_by_nobody(name: str, inside: Things, signed: Any) -> None:
    response = ask(signed(Role.ADMIN, everything=True), name, inside)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    page = b"" if response.streaming else response.content
    below = name not in TOP and b"<html" in page
    assert page.count(b'class="crumbs"') == below, "a page below a list says where it is, once"


@pytest.mark.parametrize("name", sorted(OWN))
def test_an_operator_s_own_pages_open_with_and_without_a_password(name: str, sign_in: Any) -> None:
    client = sign_in(Role.VIEWER)
    assert client.get(reverse(name)).status_code < 500
    client.operator.set_password("a long password 1")
    client.operator.save()
    client.force_login(client.operator)
    assert client.get(reverse(name)).status_code < 500


def test_an_inactive_operator_is_a_stranger(inside: Things, sign_in: Any) -> None:
    client = sign_in(Role.ADMIN, "*")
    client.operator.is_active = False
    client.operator.save()
    assert ask(client, "overview", inside).status_code == 302
