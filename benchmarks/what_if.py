"""A guardrail asked of what 1,000 accounts used in 90 days, with the rights of the web process: a page waits for it.

The same answer is then made row by row, for a sample, by `evaluate`: not one may differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from random import Random
from typing import Any

import django
from django.db.models import F

from benchmarks.database import database
from benchmarks.figure import Figure
from benchmarks.process import spent_by

ACCOUNTS, PRINCIPALS, EVENTS, DAYS = 1_000, 20, 10, 25  # 5,000,000 rows
SECONDS, SAMPLE = 5.0, 10_000
UNTIL = date(2026, 11, 24)
CALLED = (
    "s3 GetObject", "s3 PutObject", "s3 ListBuckets", "s3 DeleteBucket", "s3 GetBucketPolicy", "ec2 RunInstances",
    "ec2 DescribeInstances", "ec2 TerminateInstances", "ec2 CreateTags", "ec2 AssociateAddress", "iam CreateUser",
    "iam CreateRole", "iam CreateAccessKey", "iam ListRoles", "iam PutRolePolicy", "iam PassedBy", "sts AssumeRole",
    "sts GetCallerIdentity", "kms Decrypt", "kms GenerateDataKey", "sqs SendMessage", "sqs ReceiveMessage",
    "lambda Invoke", "lambda CreateFunction20150331", "dynamodb GetItem", "dynamodb PutItem", "logs CreateLogStream",
    "logs PutLogEvents", "cloudtrail StopLogging", "cloudtrail DescribeTrails", "config PutConfigRule",
    "guardduty ListDetectors", "rds DescribeDBInstances", "sns Publish", "secretsmanager GetSecretValue",
    "route53 ChangeResourceRecordSets", "cloudfront CreateInvalidation", "support DescribeCases",
    "organizations DescribeOrganization", "nobody KnowsThis",
)  # fmt: skip
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
AWAY = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
ADDRESS = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}
OUTSIDE = {
    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
}
CANDIDATES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "regions": ("scp", [{"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "route53:*", "cloudfront:*", "support:*"],
                         "Resource": "*", "Condition": AWAY}]),
    "trails": ("scp", [{"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*",
                        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/role-1"}}}]),
    "addresses": ("scp", [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": ADDRESS}]),
    "teams": ("scp", [{"Effect": "Deny", "Action": ["s3:*", "kms:*"], "Resource": "*",
                       "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}}]),
    "buckets": ("scp", [{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket-1*"}]),
    "a list": ("scp", [{"Effect": "Allow", "Action": ["s3:*", "ec2:*", "iam:*", "sts:*"], "Resource": "*"}]),
    "outsiders": ("rcp", [{"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "kms:*", "sqs:*", "sts:AssumeRole"],
                           "Resource": "*", "Condition": OUTSIDE}]),
    "a boundary": ("boundary", [FULL, {"Effect": "Deny", "Action": ["iam:CreateUser", "iam:PutRolePolicy"], "Resource": "*"}]),
}  # fmt: skip
FILLED = """
insert into collectors_usageevent (account_id, source, name)
select a.id, split_part(e, ' ', 1) || '.amazonaws.com', split_part(e, ' ', 2)
from collectors_account a, unnest(%(called)s::text[]) e;
insert into collectors_usageprincipal (account_id, actor, unique_id, arn)
select a.id,
  case when n < 15 then 'role' when n < 18 then 'user' when n = 18 then 'root' else 'account' end,
  case when n < 15 then 'AROA' || a.aws_id || n when n < 18 then 'AIDA' || a.aws_id || n when n = 18 then a.aws_id
    else to_char(900000000000 + a.id, 'FM000000000000') end,
  case when n = 0 then 'arn:aws:iam::' || a.aws_id || ':role/aws-service-role/ecs.amazonaws.com/linked'
    when n < 15 then 'arn:aws:iam::' || a.aws_id || ':role/role-' || n
    when n < 18 then 'arn:aws:iam::' || a.aws_id || ':user/user-' || n
    when n = 18 then 'arn:aws:iam::' || a.aws_id || ':root' else '' end
from collectors_account a, generate_series(0, %(principals)s - 1) n;
create temp table used on commit drop as
select p.account_id, p.id as principal_id, e.id as event_id, p.number as p, e.number as e
from (select *, row_number() over (partition by account_id order by id) as number from collectors_usageprincipal) p
join (select *, row_number() over (partition by account_id order by id) as number from collectors_usageevent) e
  on e.account_id = p.account_id and (e.number * 7 + p.number * 13 + p.account_id) %% %(known)s < %(events)s;
insert into collectors_usagedaily
  (account_id, day, principal_id, event_id, region, session_kind, key, n, denied, failed, first_at, last_at)
select account_id, day, principal_id, event_id, case when (p + e) %% 9 = 0 then 'us-east-1' else 'eu-west-1' end,
  (p + e) %% 4, case when p between 16 and 18 then 'AKIA' || p else '' end, 1 + d,
  case when (e + p) %% 11 = 0 then 1 + d else 0 end, 0,
  day + interval '1 hour', day + interval '2 hours'
from used, generate_series(0, %(days)s - 1) d, lateral (select %(until)s::date - (d * 3 + (p + e) %% 3)::int as day) days;
insert into collectors_usagelast
  (principal_id, event_id, account_id, n, denied, failed, first_at, used_at, denied_at, resources_cut)
select principal_id, event_id, account_id, sum(n), sum(denied), 0, min(first_at), max(last_at) filter (where n > denied),
  max(last_at) filter (where denied > 0), false
from collectors_usagedaily group by 1, 2, 3;
insert into collectors_usageresource (principal_id, event_id, account_id, resource, n, denied, first_at, last_at)
select l.principal_id, l.event_id, l.account_id, 'arn:aws:s3:::bucket-' || (l.principal_id + r) %% 30 || '/data/*',
  case when l.event_id %% 5 = 0 then 1 else l.n end, l.denied, l.first_at, coalesce(l.used_at, l.denied_at)
from collectors_usagelast l join collectors_usageevent e on e.id = l.event_id, generate_series(0, 1) r
where e.source = 's3.amazonaws.com';
insert into collectors_document (account_id, digest, body)
select id, 'plain', '{"Statement": [{"Action": "sts:AssumeRole"}]}'::jsonb from collectors_account
union all
select id, 'tagging', '{"Statement": [{"Action": ["sts:AssumeRole", "sts:TagSession"]}]}'::jsonb from collectors_account;
insert into collectors_principal
  (account_id, unique_id, data, digest, data_digest, seen_from, type, name, arn, path, created_at, boundary)
select account_id, unique_id, jsonb_build_object('tags', case when id %% 3 = 0 then '{"team": "red"}'::jsonb else '{}' end,
    'trust', case when id %% 10 = 0 then 'tagging' else 'plain' end),
  '', '', now(), actor, unique_id, arn, '/', now(), ''
from collectors_usageprincipal where actor in ('role', 'user');
"""


def run() -> Iterator[Figure]:
    with database():
        django.setup()
        rows = fill()
        yield from asked(rows)


def fill(called: Sequence[str] = CALLED) -> int:
    """How many rows of use there are. called: "<source> <event>" of every account."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from collectors.models import Account, UsageDaily
    from collectors.models.partitions import ensure_months

    call_command("migrate", verbosity=0)
    Account.objects.bulk_create(Account(aws_id=f"{n:012}", name=f"account {n}") for n in range(1, ACCOUNTS + 1))
    months = {date(2026, month, 1) for month in range(8, 12)}
    ensure_months(UsageDaily, months)
    given: dict[str, Any] = {
        "called": list(called),
        "principals": PRINCIPALS,
        "events": EVENTS,
        "known": len(called),
        "days": DAYS,
        "until": UNTIL,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in FILLED.split(";\n"):
            if statement.strip():
                cursor.execute(statement, given)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
        cursor.execute("select count(*) from collectors_usagedaily")
        return int(cursor.fetchone()[0])


def asked(rows: int) -> Iterator[Figure]:
    """Each candidate in a request of an operator of all accounts; the slowest again by one of 1,000 named accounts, and on the
    processor, with nobody to help: others may use the machine meanwhile."""
    seconds = {name: timed(name, "*")[0] for name in CANDIDATES}
    slowest = max(seconds, key=lambda name: seconds[name])
    each = ", ".join(f"{name} {spent:.1f}" for name, spent in seconds.items())
    what = f"what-if of {ACCOUNTS:,} accounts, {rows:,} rows of use, the slowest of {len(seconds)} guardrails ({each})"
    yield Figure(what, seconds[slowest], "s", "limit", SECONDS, 1)
    same = f"the same by an operator of {ACCOUNTS:,} named accounts: {slowest}"
    yield Figure(same, timed(slowest, "each")[0], "s", "limit", SECONDS, 1)
    spent = {name: timed(name, "*", alone=True)[1] for name in CANDIDATES}
    most = max(spent, key=lambda name: spent[name])
    each = ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())
    yield Figure(f"on the processor, without parallel workers ({each})", spent[most], "s", "limit", SECONDS, 1)
    yield Figure(f"differences to evaluate() in {SAMPLE:,} rows", differences(), "", "allowed plus one", 1, 0)


def timed(name: str, scope: str, alone: bool = False) -> tuple[float, float]:
    """Seconds on the clock, and on the processor by us and by the server of our connection."""
    from django.db import connection

    from findings.analysis.what_if import Verdict
    from findings.engine.what_if import WhatIf
    from iamdash.access.database import seeing_all

    with rights(scope), connection.cursor() as cursor:
        if alone:
            cursor.execute("set local max_parallel_workers_per_gather = 0")
        cursor.execute("select pg_backend_pid()")
        server = cursor.fetchone()[0]
        begun = time.perf_counter(), time.process_time() + spent_by(server)
        seen = accounts()
        with seeing_all():  # as the page does
            what_if = WhatIf(candidate(name), seen, UNTIL, whole=True)
            answer = what_if.answer()
            for total, verdict in ((answer.blocked, Verdict.BLOCKED), (answer.undecidable, Verdict.UNDECIDABLE)):
                shown = list(what_if.concerned(total.most()[:50], verdict))
                assert bool(shown) == bool(total.calls), (name, verdict)
        return time.perf_counter() - begun[0], time.process_time() + spent_by(server) - begun[1]


@contextmanager
def rights(scope: str) -> Iterator[None]:
    from django.db import connection

    from collectors.models import Account
    from iamdash.access.database import WEB, seen_accounts

    seen = "*" if scope == "*" else list(Account.objects.values_list("pk", flat=True))
    with seen_accounts(seen, read_only=True), connection.cursor() as cursor:
        if scope != "*":
            cursor.execute(f"set local role {WEB}")
        yield


def accounts() -> dict[int, str]:
    from collectors.models import Account

    return dict(Account.objects.values_list("pk", "aws_id"))


def candidate(name: str) -> Any:
    from findings.analysis.what_if import Candidate, Kind
    from findings.policy.document import read

    kind, statements = CANDIDATES[name]
    document = read({"Version": "2012-10-17", "Statement": statements})
    members = frozenset(accounts().values())
    return Candidate(Kind(kind), document, organization="o-1", members=members)  # type: ignore[arg-type]


def differences() -> int:
    """Rows of which the answer for all at once is another than that of the row by itself, over all candidates."""
    from findings.engine.what_if import WhatIf

    found = 0
    with rights("*"):
        for name in CANDIDATES:
            what_if = WhatIf(candidate(name), accounts(), UNTIL, whole=True)
            found += compared(what_if, SAMPLE // len(CANDIDATES))
    return found


def compared(what_if: Any, sample: int) -> int:
    from findings.analysis.what_if import Verdict
    from findings.analysis.what_if.decide import decide
    from findings.engine.what_if import worst

    sets = {tuple(used)[:6]: outcome for used, outcome in what_if.outcomes()}
    told = {used[2] for used in sets}
    spoken, decider = what_if.spoken, what_if.decider
    numbers = {one: n for n, one in enumerate(zip(spoken.sources, spoken.names, strict=True))}
    found = 0
    for principal, event, called, rows in sampled(what_if, sample):
        alone, at, row = worst(decide(decider.candidate, row) for row in rows), numbers.get(called), rows[0]
        together = None
        if at is not None:
            region = row.region if decider.reads_region else ""
            session = (row.session_kind, row.long_term) if decider.reads_session else (0, False)
            named = event if event in told else None
            together = sets.get((principal, spoken.numbers[at], named, region, *session))
        passed = together is None and alone.verdict is Verdict.NOT_BLOCKED
        found += not passed and (together is None or (together.verdict, together.keys) != (alone.verdict, alone.keys))
    return found


def sampled(what_if: Any, sample: int) -> Iterator[tuple[int, int, tuple[str, str], list[Any]]]:
    """Rows of use by themselves, each with all that is kept of it."""
    from dataclasses import replace

    from collectors.models import Principal, UsageDaily, UsageEvent, UsageLast, UsagePrincipal, UsageResource
    from findings.analysis.what_if import UsedRow
    from findings.engine.what_if_rows import Named, parts_of

    days = list(
        UsageDaily.objects.filter(day__gte=what_if.scope.since, n__gt=F("denied"), principal_id__in=some(sample))
    )
    days = Random(7).sample(days, sample)
    owners = UsagePrincipal.objects.in_bulk({day.principal_id for day in days})
    events = UsageEvent.objects.in_bulk({day.event_id for day in days})
    unique = {owner.unique_id: owner for owner in owners.values()}
    tags = {
        one.unique_id: one.data["tags"]
        for one in Principal.objects.filter(unique_id__in=unique)
        if one.data["trust"] == "plain" or one.type == "user"
    }
    for day in days:
        owner, event = owners[day.principal_id], events[day.event_id]
        about = {"principal_id": day.principal_id, "event_id": day.event_id}
        last = UsageLast.objects.get(**about)
        resources = [
            (one.resource, one.n, one.n > one.denied and one.last_at.date() >= what_if.scope.since)
            for one in UsageResource.objects.filter(**about).order_by("resource")
        ]
        named = Named(last.n, last.resources_cut, resources)
        whose = UsedRow(
            what_if.scope.accounts[owner.account_id], owner.unique_id, owner.arn, owner.actor, "", None,
            region=day.region, session_kind=day.session_kind, long_term=bool(day.key), tags=tags.get(owner.unique_id),
        )  # fmt: skip
        rows = [
            replace(whose, event=part.event, action=part.action, resources=named.of(part.action) if resources else ())
            for part in parts_of(what_if.decider, event.source, event.name)
        ]
        if rows:
            yield owner.pk, event.pk, (event.source, event.name), rows


def some(sample: int) -> list[int]:
    """Principals whose days are enough for the sample, all over the accounts."""
    from collectors.models import UsagePrincipal

    ids = list(UsagePrincipal.objects.order_by("pk").values_list("pk", flat=True))
    return Random(3).sample(ids, max(1, 4 * sample // (EVENTS * DAYS)))
