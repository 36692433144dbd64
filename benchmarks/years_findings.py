"""The findings of two years, with what the engine derives of them, changes and reviews."""

from __future__ import annotations

from typing import Any

from benchmarks.copied import NOW, copy, literal

CHANGES_OF_EACH = 4.5  # changes for each principal in the 90 days that their list shows


def findings(cursor: Any, given: dict[str, Any]) -> None:
    """70 of 100 were resolved, most of them soon; what is open is about a third."""
    from findings.models import Finding, FindingEvent
    from findings.rules import registry
    from findings.vocabulary import SubjectType

    rules = [r for r in registry.rules() if SubjectType.ROLE in r.subjects or SubjectType.USER in r.subjects]
    cursor.execute("create temporary table rule (n int, code text, severity int) on commit drop")
    cursor.executemany(
        "insert into rule values (%s, %s, %s)", [(n, r.code, int(r.severity)) for n, r in enumerate(rules, 1)]
    )
    given |= {"rules": len(rules)}
    source = """(
      select g, p.account_id, p.type, p.unique_id, p.name, p.arn, r.code, r.severity, op, res
      from (
        select g, 1 + floor(random() * %(principals)s)::int as p, 1 + floor(%(rules)s * power(random(), 1.5))::int as n,
          %(now)s - random() * %(days)s * interval '1 day' as op, random() as x, random() as y
        from generate_series(1, %(findings)s) g) z
      join (select *, row_number() over (order by id) as p from collectors_principal) p using (p)
      join rule r on r.n = least(%(rules)s, z.n)
      cross join lateral (select case when x < .7 then op + y * y * interval '200 days' end as later) l
      cross join lateral (select case when later < %(now)s then later end as res) q) f"""
    due = (
        "case when res is null and severity > 1 then op + interval '1 day' * (array[365, 180, 90, 30, 7])[severity] end"
    )
    copy(
        Finding,
        source,
        given,
        account_id="account_id",
        code="code",
        practice="left(code, 2)",
        severity="severity",
        subject_type="type",
        subject_id="unique_id",
        subject_name="name",
        subject_arn="arn",
        part="'p' || g",
        title="name || ' may do what ' || code || ' says in ' || mod(g, 90) || ' services'",
        evidence="jsonb_build_object('services', mod(g, 90), 'policies', jsonb_build_array(name, code), 'since', op::date)",
        first_opened_at="op",
        opened_at="op",
        resolved_at="res",
        resolved_why="case when res is null then '' when mod(g, 9) = 0 then 'subject_gone' else 'clear' end",
        status="case when res is null then 'open' else 'resolved' end",
        due_at=due,
        late=f"coalesce({due} <= %(now)s, false)",
    )
    told = "(select * from findings_finding) f"
    both = {"account_id": "account_id", "finding_id": "id"}
    copy(
        FindingEvent,
        told,
        given,
        **both,
        at="opened_at",
        kind="'opened'",
        detail="jsonb_build_object('severity', severity)",
    )
    ended = "(select * from findings_finding where resolved_at is not null) f"
    copy(
        FindingEvent,
        ended,
        given,
        **both,
        at="resolved_at",
        kind="'resolved'",
        detail="jsonb_build_object('why', resolved_why)",
    )


def derived(cursor: Any, given: dict[str, Any]) -> None:
    """Posture, counts, rollups and ended intervals, as the engine and the triggers would have left them."""
    from findings.models import AccountDay, DailyCount, EndedInterval, FindingCount, PrincipalPosture, RuleState

    alike = ("account_id", "code", "practice", "severity", "subject_type", "status")
    copy(
        FindingCount,
        f"""(select {", ".join(alike)}, reopened > 0 as again, count(*) as n, count(*) filter (where late) as n_late
        from findings_finding
        group by {", ".join(alike)}, again) c""",
        given,
        again="again",
        n="n",
        n_late="n_late",
        **{name: name for name in alike},
    )
    ended = "(select * from findings_finding where resolved_at is not null) f"
    copy(
        EndedInterval,
        ended,
        given,
        account_id="account_id",
        finding_id="id",
        code="code",
        severity="severity",
        opened_at="opened_at",
        resolved_at="resolved_at",
        why="resolved_why",
        again="false",
        hours="extract(epoch from resolved_at - opened_at)::int / 3600",
    )
    slugs = ("info", "low", "medium", "high", "critical")
    counted = ", ".join(f"count(f.id) filter (where severity = {n}) as {slug}" for n, slug in enumerate(slugs, 1))
    copy(
        PrincipalPosture,
        f"""(select p.id as principal_id, p.account_id, {counted}, coalesce(max(severity), 0) as worst, count(f.id) as n
        from collectors_principal p left join findings_finding f
          on f.account_id = p.account_id and f.subject_id = p.unique_id and f.resolved_at is null
        group by p.id) p""",
        given,
        account_id="account_id",
        principal_id="principal_id",
        kind="case when mod(principal_id, 5) = 0 then 'human-user' else 'machine-service' end",
        confidence="'high'",
        reasons="'[]'",
        worst="worst",
        risk="100 * worst + least(99, n)",
        **{slug: slug for slug in slugs},
    )
    cursor.execute(
        """create temporary table moved on commit drop as
        select account_id, practice, severity, day, sum(o)::int as o, sum(r)::int as r from (
          select account_id, practice, severity, (opened_at at time zone 'UTC')::date as day, 1 as o, 0 as r from findings_finding
          union all select account_id, practice, severity, (resolved_at at time zone 'UTC')::date, 0, 1
          from findings_finding where resolved_at is not null) m group by 1, 2, 3, 4"""
    )
    day = "generate_series((%(now)s - %(days)s * interval '1 day')::date, %(now)s::date, '1 day') as d(day)"
    copy(
        DailyCount,
        f"""(select * from (
          select k.account_id, k.practice, k.severity, d.day::date as day, coalesce(o, 0) as o, coalesce(r, 0) as r,
            sum(coalesce(o, 0) - coalesce(r, 0)) over (partition by k.account_id, k.practice, k.severity order by d.day) as n
          from (select distinct account_id, practice, severity from moved) k cross join {day}
          left join moved m on (m.account_id, m.practice, m.severity, m.day) = (k.account_id, k.practice, k.severity, d.day::date)
        ) c where n > 0 or o > 0 or r > 0) c""",
        given,
        account_id="account_id",
        day="day",
        practice="practice",
        severity="severity",
        n_open="n",
        n_opened="o",
        n_resolved="r",
    )
    of_day = ", ".join(
        f"coalesce(sum(n_open) filter (where severity = {n}), 0) as {slug}" for n, slug in enumerate(slugs, 1)
    )
    copy(
        AccountDay,
        f"""(select account_id, day, {of_day}, sum(n_opened) as o, sum(n_resolved) as r from findings_dailycount
        group by 1, 2) d""",
        given,
        account_id="account_id",
        day="day",
        gap="1",
        n_opened="o",
        n_resolved="r",
        score="50000 + mod(account_id * 37 + (day - date '2024-01-01') * 11, 20000)",
        decided="60000",
        unknown="4000",
        rules="90",
        **{slug: slug for slug in slugs},
    )
    copy(
        RuleState,
        "(select a.id as account_id, r.code from collectors_account a, rule r) s",
        given,
        account_id="account_id",
        code="code",
        n_subjects="200",
        n_open="20",
        n_clear="170",
        n_unknown="10",
        n_in_doubt="10",
        as_of="%(now)s",
    )


def changed(given: dict[str, Any]) -> None:
    from findings.models import Change, ChangedEntity

    who = f"""(
      select i, p.account_id, p.type, p.unique_id, p.name, p.arn, z.x, z.y, %(now)s - z.x * interval '89 days' as at
      from (select i, 1 + floor(random() * %(principals)s)::int as p, random() as x, random() as y
        from generate_series(1, (%(principals)s * {CHANGES_OF_EACH})::int) i) z
      join (select *, row_number() over (order by id) as p from collectors_principal) p using (p)) c"""
    copy(
        Change,
        who,
        given,
        account_id="account_id",
        key="md5(i::text)",
        digest="md5(i::text)",
        at="at",
        exact="true",
        what="case when mod(i, 3) = 0 then array['trust'] when mod(i, 3) = 1 then array['policy', 'tags'] else array['key'] end",
        kinds="array[type]",
        witnesses="case when mod(i, 2) = 0 then array['trail'] else array['trail', 'collection'] end",
        how="(array['code', 'console', 'hand', 'service', 'program', 'untold'])[1 + mod(i, 6)]",
        outcome="case when mod(i, 50) = 0 then 'denied' else 'done' end",
        actor="(array['user', 'role'])[1 + mod(i, 2)]",
        principal_id="unique_id",
        principal_arn="arn",
        session_name="'session-' || mod(i, 900)",
        network="'198.51.100.' || mod(i, 250)",
        agent="'aws-cli/2.' || mod(i, 40)",
        events="array['AttachRolePolicy']",
        opened="(mod(i, 9) = 0)::int",
        resolved="(mod(i, 11) = 0)::int",
    )
    copy(
        ChangedEntity,
        """(select c.*, p.type, p.name from findings_change c
        join collectors_principal p on p.account_id = c.account_id and p.unique_id = c.principal_id) e""",
        given,
        account_id="account_id",
        change_id="id",
        kind="type",
        unique_id="principal_id",
        name="name",
        at="at",
        told=literal({"lines": [{"what": "policy", "text": "A policy was attached"}]}),
        calls="array[]::bigint[]",
    )


def reviewed(given: dict[str, Any]) -> None:
    """One campaign over everybody, half decided."""
    from findings.models import Review, ReviewAccount, ReviewItem

    n = given["accounts"]
    review = Review.objects.create(
        title="All",
        whom=["all"],
        which=["admins"],
        starts_on=NOW,
        due_on=NOW,
        n_accounts=n,
        made_by="bench",
        frozen_at=NOW,
    )
    counts = """(select account_id, count(*) as n from collectors_principal group by 1) a"""
    of = {"review_id": str(review.pk), "account_id": "account_id"}
    copy(ReviewAccount, counts, given, n_items="n", frozen_at="%(now)s", evidence="'{}'::jsonb", **of)
    copy(
        ReviewItem,
        "(select *, row_number() over (order by id) as i from collectors_principal) p",
        given,
        kind="'principal'",
        type="type",
        subject_id="unique_id",
        part="''",
        name="name",
        arn="arn",
        sets="""case when mod(i, 4) = 0 then '["admins", "unused"]' else '["unused"]' end::jsonb""",
        people="'[]'::jsonb",
        worst="mod(i, 6)",
        evidence="jsonb_build_object('may', jsonb_build_object('services', mod(i, 90)), 'arn', arn, 'digest', md5(arn))",
        digest="md5(arn)",
        frozen_at="%(now)s",
        verdict="(array['', '', 'keep', 'revoke'])[1 + mod(i, 4)]",
        state="case when mod(i, 4) = 3 then 'still' else '' end",
        **of,
    )
