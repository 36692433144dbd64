"""One of each kind of thing that a route may name, all of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

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
from iamdash.access.models import Operator
from iamdash.notify.models import AlertRule, Delivery, Digest
from iamdash.pages.models import SavedView
from tests.collectors.organized import decide, listed, tell
from tests.conftest import AS_OF
from tests.notify.telling import channel
from tests.pages import center, reviewing
from tests.pages.acted import acted, changed, judged, named, told, used
from tests.pages.guarded import guarded_by


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
