"""An organization for proposals of SCPs: a management account that tells of the tree, and an OU with two watched accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from collectors import records
from collectors.models import Account, Coverage, Document
from collectors.records import TRAIL
from findings.engine import judge_account
from tests import builders as b
from tests.findings.engine.inventory import put
from tests.findings.worlds import EVERYTHING, allow, document
from tests.pages.acted import used, watch
from tests.pages.making import ago

OWN = document(allow(["bedrock:*", "ec2:*", "iam:CreateUser", "iam:AttachUserPolicy"]))
ONE, TWO = "000000000001", "000000000002"


@dataclass(frozen=True)
class Organized:
    management: Account
    one: Account
    two: Account
    app: records.Role
    deploy: records.Role


def _moved(one: Any, account: Account, field: str = "arn") -> Any:
    plain = records.to_json(one)
    return records.from_json(type(one), {**plain, field: plain[field].replace(ONE, account.aws_id)})


def _tree() -> tuple[records.Record, ...]:
    full = b.org_policy("FullAWSAccess", "r-1", "ou-1", ONE, TWO, document=EVERYTHING)
    return (
        b.unit("r-1", ""),
        b.unit(),
        b.org_account(ONE),
        b.org_account(TWO),
        b.org_account(b.MANAGEMENT, "r-1"),
        full,
    )


def _hold(account: Account, *entities: records.Record, covered: Any = None) -> None:
    put(account, *entities, covered=covered or b.coverage())
    now = timezone.now()
    Coverage.objects.filter(account=account).update(observed_at=now, complete_at=now)
    for body in (OWN, EVERYTHING):
        Document.objects.get_or_create(account=account, digest=records.digest(body), defaults={"body": body})


def _role(name: str, account: Account, **services: float | None) -> tuple[records.Role, records.LastAccessed]:
    """Made long ago. services: tried so many days ago."""
    role = _moved(b.role(name, inline={"own": records.digest(OWN)}, used=b.AS_OF.day), account)
    uses = tuple(
        records.ServiceUse(namespace=n, last_at=None if d is None else ago(days=d), region="")
        for n, d in services.items()
    )
    return role, records.LastAccessed(unique_id=role.unique_id, arn=role.arn, services=uses, read_at=ago(hours=1))


def organized(one: Account, two: Account) -> Organized:
    """Nobody uses Bedrock; IAM users are made in the second account; EC2 is used in two regions."""
    management = Account.objects.create(aws_id=b.MANAGEMENT, name="management")
    _hold(management, b.in_organization(), *_tree(), covered=b.tree_coverage())
    app, deploy = _role("app", one, bedrock=None, ec2=2, iam=None), _role("deploy", two, bedrock=None, ec2=2, iam=3)
    for account, some in ((one, app), (two, deploy)):
        _hold(account, b.in_organization(), _moved(b.root(), account, "unique_id"), *some)
        watch(account, since=120)
        for region in ("eu-west-1", "eu-central-1"):
            used(account, some[0], "ec2 DescribeInstances", days=4 + len(region), region=region)
            used(account, some[0], "ec2 RunInstances", days=4 + len(region), region=region)
    used(two, deploy[0], "iam CreateUser", days=5, region="us-east-1")
    for account in (management, one, two):
        judge_account(account.pk, timezone.now())
    return Organized(management, one, two, app[0], deploy[0])


def forget_trail(account: Account) -> None:
    Coverage.objects.filter(account=account, api=TRAIL).delete()
    account.trailwatch.delete()
    judge_account(account.pk, timezone.now())
