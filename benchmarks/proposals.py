"""SCPs that nobody would miss, for an organization of 1,000 accounts in 60 OUs, from 5M rows of use of 90 days: choosing, and the
proof that replays every call.

What closes in each account is judged in pieces after it (findings.engine.proposed), and has the price of two judgements each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import django

from benchmarks.database import database
from benchmarks.figure import Figure
from benchmarks.process import spent_by
from benchmarks.what_if import ACCOUNTS, CALLED, FULL, PRINCIPALS, UNTIL, fill

SCP = "SERVICE_CONTROL_POLICY"
BESIDE = {"Version": "2012-10-17", "Statement": [FULL]}
# What nobody calls but in every fiftieth account: something is left to deny, and not everywhere.
RARE = {
    "cloudtrail StopLogging": "cloudtrail LookupEvents",
    "iam CreateUser": "iam GetRole",
    "iam CreateAccessKey": "iam GetUser",
    "iam PutRolePolicy": "iam ListUsers",
    "iam PassedBy": "iam ListPolicies",
    "nobody KnowsThis": "sqs ListQueues",
}
CALLS = tuple(RARE.get(call, call) for call in CALLED)
ORGANIZATION, UNITS, BELOW = "o-benchmarked", 20, 2  # OUs below the root, and below each of them
AS_OF = datetime.combine(UNTIL, datetime.min.time(), UTC) + timedelta(hours=6)
UNUSED = ("bedrock", "braket", "chime", "connect", "elasticbeanstalk", "gamelift", "glue", "groundstation", "iot",
          "kendra", "lex", "lightsail", "mq", "redshift", "robomaker", "sagemaker", "timestream", "transfer", "xray")  # fmt: skip
SECONDS, MEMORY = 120.0, 600.0  # of the worker's eight minutes a run; MB a process (TRUST, load to hold)


def run() -> Iterator[Figure]:
    with database():
        django.setup()
        rows = fill(CALLS)
        told(organization())
        yield from proposed(rows)


def organization() -> Any:
    """The tree, told by the first account, which manages it; at each node is FullAWSAccess. Returns that account."""
    from collectors import records
    from collectors.models import Account, Coverage
    from collectors.models.inventory import store
    from collectors.sources import sources

    teller, *members = Account.objects.order_by("pk")
    arn = f"arn:aws:organizations::{teller.aws_id}"
    places = [("r-1", "")]
    places += [(f"ou-{n}", "r-1") for n in range(UNITS)]
    places += [(f"ou-{n}-{m}", f"ou-{n}") for n in range(UNITS) for m in range(BELOW)]
    units = [
        records.OrganizationalUnit(
            unique_id=one,
            arn=f"{arn}:{one}",
            parent_id=above,
            name=one,
            policy_types=() if above else (SCP,),
            attachments_of=(SCP,),
        )
        for one, above in places
    ]
    lowest = [one for one, _ in places if one.count("-") == 2]
    accounts = [
        records.OrganizationAccount(
            unique_id=one.aws_id,
            arn=f"{arn}:{one.aws_id}",
            parent_id=lowest[n % len(lowest)],
            name=one.name,
            state="ACTIVE",
            attachments_of=(SCP,),
        )
        for n, one in enumerate([teller, *members])
    ]
    full = records.OrganizationPolicy(
        unique_id="p-FullAWSAccess", name="FullAWSAccess", arn=f"{arn}:p", type=SCP, aws_managed=True,
        document=records.digest(BESIDE), targets=(*(one.unique_id for one in units), *(one.unique_id for one in accounts)),
    )  # fmt: skip
    told_by = records.Organization(organization_id=ORGANIZATION, management_account_id=teller.aws_id, features="ALL")
    part = records.Part(
        details=(records.AccountDetails(unique_id="organizations", organization=told_by),),
        organizational_units=tuple(units),
        organization_accounts=tuple(accounts),
        organization_policies=(full,),
        documents={full.document: BESIDE},
    )
    store(teller, part, ["details", "organizational_units", "organization_accounts", "organization_policies"], AS_OF)
    Coverage.objects.bulk_create(
        Coverage(
            account=teller, source=source.name, api=api.name, state="complete", observed_at=AS_OF, complete_at=AS_OF
        )
        for source in [sources()["organizations"]]
        for api in source.apis
    )
    return teller


def told(teller: Any) -> None:
    """What each account's judgement left: how long it was watched, and findings that denials would close."""
    import msgspec

    from collectors.models import Account, UsageEvent, UsagePrincipal
    from findings.analysis.proposed.evidence import Evidence
    from findings.models import Finding, ScpEvidence

    evidence = msgspec.to_builtins(Evidence(since=AS_OF - timedelta(days=120), until=AS_OF, used=("s3", "ec2", "sts")))
    accounts = Account.objects.exclude(pk=teller.pk).order_by("pk")
    ScpEvidence.objects.bulk_create(ScpEvidence(account=one, digest="", data=evidence) for one in accounts)
    some, given = Random(5), {"first_opened_at": AS_OF, "opened_at": AS_OF, "practice": "LP"}
    for call, instead in RARE.items():
        source, name = instead.split()
        rare = UsageEvent.objects.filter(
            source=f"{source}.amazonaws.com", name=name, account_id__in=[one.pk for one in accounts[::50]]
        )
        rare.update(source=f"{call.split()[0]}.amazonaws.com", name=call.split()[1])
    roles = UsagePrincipal.objects.filter(actor="role", account__in=accounts).order_by("pk")
    Finding.objects.bulk_create(
        (
            Finding(account_id=account, code="LP104", severity=2, subject_type="role", subject_id=unique_id, subject_name="r",
                    title="Unused services", evidence={"services": some.sample(UNUSED, 6)}, **given)
            for account, unique_id in roles.values_list("account_id", "unique_id")
        ),
        5_000,
    )  # fmt: skip
    Finding.objects.bulk_create(
        Finding(account=one, code="GR106", severity=3, subject_type="account", subject_id=one.aws_id, subject_name="a",
                part="root", title="Root is not denied", evidence={}, **given)
        for one in accounts
    )  # fmt: skip


def proposed(rows: int) -> Iterator[Figure]:
    import resource

    from django.db import connection

    from collectors.models import Account
    from findings.engine import proposed

    teller = Account.objects.order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
        cursor.execute("select pg_backend_pid()")
        (server,) = cursor.fetchone()
    begun = time.perf_counter(), time.process_time() + spent_by(server)
    found = proposed.propose(teller, AS_OF, 90)
    seconds, spent = time.perf_counter() - begun[0], time.process_time() + spent_by(server) - begun[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1_000_000
    assert found is not None
    proofs = [node.proof for node in found.nodes if node.proof]
    scps = sum(len(node.scps) for node in found.nodes)
    replayed = sum(proof.rows for proof in proofs)
    what = f"{scps} SCPs for {len(found.nodes)} places of {ACCOUNTS:,} accounts x {PRINCIPALS} principals, {rows:,} rows of use"
    yield Figure(what, seconds, "s", "limit", SECONDS, 1)
    yield Figure("on the processor, by us and by PostgreSQL", spent, "s", "limit", SECONDS, 1)
    yield Figure("peak memory", peak, "MB", "limit", MEMORY, 1)
    yield Figure(
        f"blocked of {replayed:,} that were replayed", sum(p.blocked for p in proofs), "", "allowed plus one", 1, 0
    )
    yield Figure("undecidable", sum(p.undecidable for p in proofs), "", "allowed plus one", 1, 0)
