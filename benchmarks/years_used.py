"""What else there is after two years: what CloudTrail told of everybody in 90 days, what is recorded in each region, and risks
that were accepted. Beside benchmarks/years.py, in the same way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from benchmarks.copied import NOW, copy

EVENTS, REGIONS, SESSIONS, DAILY, ACCEPTED = 60, 34, 300_000, 1_000_000, 2_000
WATCHED = 90  # days


def fill() -> None:
    """Of the accounts, principals and findings that are there."""
    given = {"now": NOW, "watched": WATCHED, "sessions": SESSIONS, "daily": DAILY, "events": EVENTS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        _months()
        _used(given)
        _sessions(given)
        _regions(given)
    _accepted()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _months() -> None:
    from collectors.models import AdminEvent, UsageDaily, UsageSession
    from collectors.models.partitions import ensure_months
    from findings.models import SessionVerdict

    days = [(NOW - timedelta(days=n)).date() for n in range(WATCHED + 1)]
    for model in (UsageDaily, UsageSession, AdminEvent, SessionVerdict):
        ensure_months(model, days)


def _used(given: dict[str, Any]) -> None:
    """Each principal has used five events of its account's sixty; on some days."""
    from collectors.models import (
        AdminEvent,
        TrailWatch,
        UsageDaily,
        UsageEvent,
        UsageLast,
        UsagePrincipal,
        UsageResource,
    )

    copy(
        UsagePrincipal,
        "(select * from collectors_principal) p",
        given,
        account_id="account_id",
        actor="type",
        unique_id="unique_id",
        arn="arn",
    )
    services = "(array['s3', 'ec2', 'sqs', 'dynamodb', 'iam', 'kms'])[1 + mod(e, 6)]"
    copy(
        UsageEvent,
        f"""(select a.id as account_id, e, {services} as service
        from collectors_account a, generate_series(1, %(events)s) e) u""",
        given,
        account_id="account_id",
        source="service || '.amazonaws.com'",
        name="(array['Get', 'List', 'Put', 'Delete', 'Describe'])[1 + mod(e, 5)] || 'Thing' || e",
    )
    by_number = """(select id, account_id, row_number() over (partition by account_id order by id) as e
      from collectors_usageevent)"""
    both = f"""(select p.account_id, p.id as principal_id, v.id as event_id, n, mod(p.id * 31 + n * 7, 89) as days
      from collectors_usageprincipal p cross join generate_series(0, 4) n
      join {by_number} v on v.account_id = p.account_id and v.e = 1 + mod(p.id * 7 + n * 11, %(events)s)) u"""
    ids = {name: name for name in ("account_id", "principal_id", "event_id")}
    last = "%(now)s - days * interval '1 day'"
    copy(
        UsageLast,
        both,
        given,
        **ids,
        n="100 + days",
        denied="n",
        failed="0",
        first_at="%(now)s - interval '90 days'",
        used_at=last,
    )
    copy(
        UsageResource,
        both,
        given,
        **ids,
        resource="'arn:aws:s3:::bucket-' || mod(principal_id, 900) || '/key-' || event_id",
        n="10",
        denied="0",
        first_at="%(now)s - interval '90 days'",
        last_at=last,
    )
    copy(
        UsageDaily,
        """(select l.*, d, (%(now)s - d * interval '1 day')::date as on_day from collectors_usagelast l,
        lateral (select distinct mod(l.principal_id * 13 + l.event_id * 5 + k * 41, %(watched)s) as d
          from generate_series(0, (%(daily)s / (select count(*) from collectors_usagelast))::int - 1) k) z) u""",
        given,
        **ids,
        day="on_day",
        region="'eu-west-1'",
        session_kind="mod(principal_id, 4)",
        n="10",
        denied="mod(principal_id, 2)",
        failed="0",
        first_at="on_day + interval '8 hours'",
        last_at="on_day + interval '8 hours' + mod(principal_id * 37 + event_id * 11, 3600) * interval '1 second'",
    )
    copy(
        AdminEvent,
        "(select * from findings_change) c",
        given,
        account_id="account_id",
        event_id="md5(id::text)",
        at="at",
        actor="actor",
        principal_id="principal_id",
        principal_arn="principal_arn",
        session_name="session_name",
        source="'iam.amazonaws.com'",
        name="'AttachRolePolicy'",
        region="'us-east-1'",
        target_type="'role'",
        target_name="'role-' || mod(id, 100000)",
        network="network",
        agent="agent",
        denied="outcome = 'denied'",
    )
    copy(
        TrailWatch,
        "(select * from collectors_account) a",
        given,
        account_id="id",
        since="%(now)s - interval '90 days'",
        until="%(now)s",
        looked_back_at="%(now)s",
    )


def _sessions(given: dict[str, Any]) -> None:
    from collectors.models import UsageSession
    from findings.models import SessionVerdict

    copy(
        UsageSession,
        """(select p.account_id, p.id as principal_id, i, (%(now)s - mod(i, %(watched)s) * interval '1 day')::date as on_day
        from generate_series(1, %(sessions)s) i
        join (select *, row_number() over (order by id) - 1 as n from collectors_usageprincipal) p
          on p.n = mod(i * 7919::bigint, (select count(*) from collectors_usageprincipal))) s""",
        given,
        account_id="account_id",
        principal_id="principal_id",
        name="'session-' || i",
        day="on_day",
        first_at="on_day + interval '8 hours'",
        last_at="on_day + interval '9 hours' + i * interval '1 millisecond'",
        n="25",
        denied="mod(i, 3)",
        sign_in="case when mod(i, 5) = 0 then 'console' else '' end",
        data="""jsonb_build_object('networks', jsonb_build_array('198.51.100.' || mod(i, 250)),
        'agents', jsonb_build_array('boto3'), 'regions', jsonb_build_array('eu-west-1'))""",
    )
    copy(
        SessionVerdict,
        """(select s.*, p.actor, p.arn from collectors_usagesession s
        join collectors_usageprincipal p on p.id = s.principal_id) v""",
        given,
        session_id="id",
        account_id="account_id",
        day="day",
        at="last_at",
        actor="actor",
        sign_in="sign_in",
        who="1 + mod(id, 3)",
        confidence="'high'",
        machine="mod(id, 4) = 0",
        reasons="'[\"signed in to the console\"]'::jsonb",
        text="lower(arn || ' ' || name)",
    )


def _regions(given: dict[str, Any]) -> None:
    from findings.models import RecordedRegion

    state = "(array['yes', 'yes', 'part', 'no', 'unknown'])[1 + mod(account_id * {} + r, 5)]"
    logs = {log: state.format(n) for n, log in enumerate(("management", "data", "config", "analyzer", "ours"), 1)}
    copy(
        RecordedRegion,
        f"(select id as account_id, r from collectors_account, generate_series(1, {REGIONS}) r) a",
        given,
        account_id="account_id",
        region="'region-' || r",
        in_use="mod(r, 3) = 0",
        gap="mod(account_id + r, 40)",
        words="""jsonb_build_object('management', 'by the trail main of 000000000001', 'ours', 'read to the end')""",
        digest="md5(account_id || ' ' || r)",
        **logs,
    )


def _accepted() -> None:
    """By rule and account, anywhere, and each hides what is open of the rule; triggers keep the sums."""
    from findings.models import Acceptance

    copy(
        Acceptance,
        f"""(select row_number() over () as i, * from (select distinct account_id, code from findings_finding
        where resolved_at is null) f order by md5(account_id || code) limit {ACCEPTED}) a""",
        {"now": NOW},
        scope="'account'",
        account_id="account_id",
        code="code",
        severity="5",
        reason="'Known, and watched by the team that owns the account'",
        owner="'team-' || mod(i, 60)",
        set_by="'bench'",
        set_at="%(now)s - i * interval '1 hour'",
        expires_at="now() + (1 + mod(i, 300)) * interval '1 day'",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """update findings_finding f set status = 'accepted', due_at = null, late = false,
              acceptance_id = a.id, accepted_at = a.set_at
            from findings_acceptance a where a.account_id = f.account_id and a.code = f.code and f.resolved_at is null"""
        )
