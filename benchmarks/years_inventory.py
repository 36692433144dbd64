"""The inventory of two years: accounts, principals, and what collections told of them."""

from __future__ import annotations

from typing import Any

from benchmarks.copied import NOW, OWNERS, UNITS, copy, literal


def accounts(n: int) -> None:
    from collectors.models import Account, Connection, Document
    from collectors.records import digest
    from findings.models import AccountOwner, AccountPlace

    made = Account.objects.bulk_create(
        Account(aws_id=f"{i:012}", name=f"acct-{i}", added_at=NOW) for i in range(1, n + 1)
    )
    Connection.objects.bulk_create(Connection(account=one) for one in made)
    AccountPlace.objects.bulk_create(
        AccountPlace(
            account=one,
            ous=["r-1", f"ou-{i % UNITS}"],
            names=["Root", f"unit {i % UNITS}"],
            tags={"owner": f"team-{i * 7 % OWNERS}"},
        )
        for i, one in enumerate(made)
    )
    AccountOwner.objects.create(scope="own-tag", target="owner", set_by="bench")
    body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}]}
    Document.objects.bulk_create(Document(account=one, digest=digest(body), body=body) for one in made)


def principals(given: dict[str, Any]) -> None:
    from collectors.models import AccessKey, Document, Policy, Principal

    document = Document.objects.values_list("digest", flat=True)[0]
    role = {"path": "/", "created_at": "2024-01-01T00:00:00Z", "trust": document, "inline": {"own": document}}
    who = """(
      select i, a.id as account_id, a.aws_id, case when mod(i, 7) = 0 then 'user' else 'role' end as type,
        case when mod(i, 7) = 0 then 'AIDA' else 'AROA' end || to_char(i, 'FM00000000000000000') as unique_id,
        case when mod(i, 7) = 0 then 'user-' else 'role-' end || i as name
      from generate_series(1, %(principals)s) i,
      lateral (select 1 + least((select count(*) from collectors_account) - 1,
        floor((select count(*) from collectors_account) * power(random() + i * 0, 2.5)))::int as n) z
      join (select *, row_number() over (order by id) as n from collectors_account) a using (n)) p"""
    observed = {"digest": "md5(unique_id)", "data_digest": "md5(unique_id)", "seen_from": "%(now)s"}
    arn = "'arn:aws:iam::' || aws_id || ':' || type || '/' || name"
    copy(
        Principal,
        who,
        given,
        account_id="account_id",
        unique_id="unique_id",
        type="type",
        name="name",
        arn=arn,
        path="'/'",
        created_at="timestamptz '2024-01-01'",
        data=f"{literal(role)} || jsonb_build_object('unique_id', unique_id, 'name', name, 'arn', {arn})",
        **observed,
    )
    users = "(select *, replace(unique_id, 'AIDA', 'AKIA') as key_id from collectors_principal where type = 'user') p"
    key = {"created_at": "2024-06-01T00:00:00Z", "active": True}
    copy(
        AccessKey,
        users,
        given,
        account_id="account_id",
        unique_id="key_id",
        user_name="name",
        user_arn="arn",
        active="true",
        created_at="timestamptz '2024-06-01'",
        data=f"{literal(key)} || jsonb_build_object('unique_id', key_id, 'user_name', name, 'user_arn', arn)",
        **observed,
    )
    policy = {
        "path": "/", "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "document": document,
        "default_version": "v1",
    }  # fmt: skip
    arn = "'arn:aws:iam::' || aws_id || ':policy/policy-' || n"
    copy(
        Policy,
        """(select id as account_id, aws_id, n, 'ANPA' || aws_id || n as unique_id
        from collectors_account, generate_series(1, 40) n) p""",
        given,
        account_id="account_id",
        unique_id="unique_id",
        name="'policy-' || n",
        arn=arn,
        aws_managed="false",
        attachment_count="3",
        data=f"{literal(policy)} || jsonb_build_object('unique_id', unique_id, 'name', 'policy-' || n, 'arn', {arn})",
        **observed,
    )


def collected(given: dict[str, Any]) -> None:
    """A month of runs, and the coverage of the last."""
    from collectors.models import Coverage, Job, Run
    from collectors.models.partitions import settle_months
    from collectors.sources import sources

    apis = {api: source.name for source in sources().values() for api in source.covers}
    for model in (Run, Job):
        settle_months(model)
    values = ", ".join(f"('{source}', '{api}')" for api, source in apis.items())
    copy(
        Coverage,
        f"(select a.id as account_id, v.* from collectors_account a, (values {values}) v (source, api)) c",
        given,
        account_id="account_id",
        source="source",
        api="api",
        state="case when mod(account_id, 23) = 0 and mod(length(api), 5) = 0 then 'denied' else 'complete' end",
        observed_at="%(now)s",
        complete_at="%(now)s",
    )
    copy(
        Run,
        "(select id as account_id, n from collectors_account, generate_series(1, 120) n) r",
        given,
        account_id="account_id",
        reason="'schedule'",
        created_at="%(now)s - n * interval '6 hours'",
        finished_at="%(now)s - n * interval '6 hours' + interval '2 minutes'",
    )
    names = ", ".join(f"('{name}')" for name in sources())
    copy(
        Job,
        f"(select r.*, v.source from collectors_run r, (values {names}) v (source)) j",
        given,
        run_id="id",
        account_id="account_id",
        source="source",
        state="'done'",
        created_at="created_at",
        due_at="created_at",
        started_at="created_at",
        finished_at="finished_at",
        calls="12",
    )
