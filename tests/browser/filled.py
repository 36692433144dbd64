"""One database in which every page of the dashboard has something to show, and the addresses of all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from collectors import records
from collectors.models import Account, Connection
from findings.engine import judge_account
from findings.models import AccountDay
from iamdash.pages import indexes
from tests.access.routes import ROUTES
from tests.access.things import things
from tests.builders import credential, key, policy, role, trust, user
from tests.findings.worlds import EVERYTHING, allow, document
from tests.pages.acted import OFFICE, acted, named, told, used, watch
from tests.pages.making import ago
from tests.pages.test_right_sizing import advised, hold

LONG = "a-role-with-a-name-as-long-as-IAM-lets-it-be-for-a-role-64-letters"[:64]
OLDER = document(allow(["lambda:CreateFunction", "lambda:GetFunction"], Sid="Release"))
NEWER = document(allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], Sid="Release"))
READER = document(allow(["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "sqs:SendMessage"]))
LAMBDA, OUTSIDE = trust(Service="lambda.amazonaws.com"), trust(AWS="arn:aws:iam::999999999999:root")
FILE = re.compile(r"^api-|export|document")  # routes that answer with a file, not with a page
BUCKET = "arn:aws:s3:::payroll/a/*"


@dataclass(frozen=True)
class Page:
    """A page by its route's name, with where it is."""

    name: str
    path: str


def pages() -> list[Page]:
    """Fills the database; every page that answers a GET, as an admin of all accounts sees it."""
    indexes._entries.clear()
    there = things(Account.objects.create(aws_id="000000000002", name="sandbox"))
    read = {name: route for name, route in ROUTES.items() if route.method == "get" and not FILE.search(name)}
    mine = {name: [getattr(there, arg) for arg in route.args] for name, route in read.items()}
    return [Page(name, reverse(name, args=args)) for name, args in mine.items()] + _of(inventory())


def inventory() -> Account:
    """An account as a collection would leave it, judged by every rule: a person on a machine's role, a way to an administrator, a
    door to outside, versions of a policy, a key, a trend of a quarter."""
    account = Account.objects.create(aws_id="000000000001", name="payments-prod-of-a-team-with-a-long-name")
    Connection.objects.create(account=account, kind="role", role_name="iamdash", external_id="e" * 24)
    versions = tuple(
        records.PolicyVersion(version_id=f"v{n}", document=records.digest(body), created_at=ago(days=9 - n))
        for n, body in enumerate((OLDER, NEWER), 1)
    )
    release = policy(
        "release", unique_id="ANPARELEASE", document=records.digest(NEWER), versions=versions, attachment_count=1
    )
    app = role("app", unique_id="AROAAPP", inline={"own": records.digest(READER)}, trust=records.digest(LAMBDA))
    watch(account)
    hold(
        account, app, advised(app, s3=3, ec2=None), release,
        role("releaser", unique_id="AROARELEASER", attached=(release.arn,), trust=records.digest(LAMBDA)),
        role("deployer", inline={"all": records.digest(EVERYTHING)}, trust=records.digest(LAMBDA)),
        role(LONG, unique_id="AROALONG", trust=records.digest(OUTSIDE)),
        user("robot", unique_id="AIDAROBOT"), credential("robot", password_enabled=True), key("robot", unique_id="AKIAROBOT"),
        bodies=(OLDER, NEWER, READER, EVERYTHING, LAMBDA, OUTSIDE),
    )  # fmt: skip
    used(account, app, "s3 GetObject")
    named(account, app, "s3 GetObject", BUCKET)
    acted(account, app, "alice@example.com", networks=[OFFICE], agents=["cli"], sign_in="console")
    acted(account, app, "i-0123456789abcdef0", agents=["boto3"], networks=["10.0.0.1"])
    better(account)
    judge_account(account.pk, timezone.now())
    bodies = {"before": records.digest(OLDER), "after": records.digest(NEWER)}
    told(account, "role", "AROAAPP", "app", lines=[{"what": "document", "text": "inline policy own", **bodies}])
    return account


def better(account: Account) -> None:
    """It was judged each week of the quarter before today, and got better."""
    today = timezone.now().date()
    for week in range(12, 0, -1):
        AccountDay.objects.create(
            account=account, day=today - timedelta(weeks=week), gap=7 if week < 12 else 0, critical=2, high=3 + week,
            n_opened=2, n_resolved=3, score=70_000 - 1_000 * week, decided=0, unknown=9_000, rules=90,
            lost={"KY102": [21_000 + 1_000 * week, 0, 9_000]},
        )  # fmt: skip


def _of(account: Account) -> list[Page]:
    """Pages of what the inventory has that show more than those of the walk's things."""
    app, whom = [account.aws_id, "AROAAPP"], {"account": account.aws_id}
    change = account.change_set.get(entities__name="app").pk
    return [
        Page("overview", reverse("overview", query=whom)),
        Page("trends", reverse("trends", query={"by": "account"})),
        Page("account", reverse("account", args=[account.aws_id])),
        *(Page(name, reverse(name, args=app)) for name in ("principal", "principal-weeks", "right-size")),
        Page("principal", reverse("principal", args=[account.aws_id, "AROARELEASER"])),
        Page("principal", reverse("principal", args=[account.aws_id, "AIDAROBOT"])),
        Page("boundary", reverse("boundary", query=whom | {"role": "AROAAPP"})),
        Page("policy", reverse("policy", args=[account.aws_id, "ANPARELEASE"])),
        Page("key", reverse("key", args=[account.aws_id, "AKIAROBOT"])),
        Page("activity-change", reverse("activity-change", args=[change])),
        Page("who-can", reverse("who-can", query={"action": "lambda:InvokeFunction"})),
        Page("why", reverse("why", args=app, query={"action": "s3:GetObject", "resource": BUCKET})),
        Page("finding", reverse("finding", args=[account.finding_set.order_by("-severity").first().pk])),
        Page("findings", reverse("findings", query={"q": "nothing has this name"})),
        *(
            Page(name, reverse(name, query={"tab": tab}))
            for name, tab in (("networks", "ended"), ("reviews", "closed"), ("settings-tokens", "over"))
        ),
        Page("accounts-owners", reverse("accounts-owners", query={"q": "nothing has this name"})),
        Page("accounts-groups", reverse("accounts-groups", query=whom)),
        Page("choose", reverse("choose", query={"q": "no such account"})),
    ]
