"""What binds the accounts of an organization, who from outside may become their roles, and what nobody could tell. Beside
benchmarks/years.py, in the same way."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from benchmarks.copied import NOW, UNITS, copy, literal

ORGANIZATION, SCPS, SETS = "o-abcdefghij", 6, 40
UNTOLD = 2  # rules of each principal that could not tell


def fill() -> None:
    """Of the accounts and principals that are there."""
    given = {"now": NOW, "units": UNITS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        _organization()
        _guardrails(given)
        _sets(given)
        _outsiders(given)
        _untold(given)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _organization() -> None:
    """Told by the first account, and connected."""
    from collectors.models import Account, OrganizationConnection
    from collectors.models.inventory import store
    from collectors.records import AccountDetails, Organization, OrganizationAccount, OrganizationalUnit, Part

    accounts = list(Account.objects.order_by("pk"))
    teller = accounts[0]
    organization = Organization(organization_id=ORGANIZATION, management_account_id=teller.aws_id, features="ALL")
    units = [OrganizationalUnit(unique_id="r-1", arn="", name="Root")]
    units += [OrganizationalUnit(unique_id=f"ou-{n}", arn="", name=f"unit {n}", parent_id="r-1") for n in range(UNITS)]
    listed = (
        OrganizationAccount(
            unique_id=one.aws_id,
            arn="",
            name=one.name,
            parent_id=f"ou-{n % UNITS}",
            state="ACTIVE",
            joined_at=NOW,
            tags={},
            tags_at=NOW,
        )
        for n, one in enumerate(accounts)
    )
    part = Part(
        details=(AccountDetails(unique_id="organizations", organization=organization),),
        organizational_units=tuple(units),
        organization_accounts=tuple(listed),
    )
    store(teller, part, (), NOW)
    OrganizationConnection.objects.create(account=teller, organization_id=ORGANIZATION, units=["r-1"], set_by="bench")


def _guardrails(given: dict[str, Any]) -> None:
    from findings.models import AccountGuarding, GuardrailEffect

    place = "jsonb_build_array('ou-' || mod(id - 1, %(units)s), 'unit ' || mod(id - 1, %(units)s))"
    copy(
        AccountGuarding,
        "(select * from collectors_account) a",
        given,
        account_id="id",
        organization_id=f"'{ORGANIZATION}'",
        organization_known="true",
        management="id = 1",
        path=f"jsonb_build_array(jsonb_build_array('r-1', 'Root'), {place})",
        unit="'ou-' || mod(id - 1, %(units)s)",
        holders="200",
        bounded="20",
        unread="0",
        limited="true",
        digest="md5(id::text)",
    )
    data = {
        "together": [], "keys": ["aws:RequestedRegion"], "named": [["AROA1", "a role"]], "parts": [], "services": {"s3": 40},
        "more": 0, "blocks": ["s3:PutObject"], "may_block": ["s3:GetObject"],
    }  # fmt: skip
    copy(
        GuardrailEffect,
        f"(select * from collectors_account, generate_series(1, {SCPS}) n) a",
        given,
        account_id="id",
        layer="'scp'",
        policy="'p-' || n",
        name="'scp-' || n",
        **dict.fromkeys(("alone", "also", "conditional", "partly", "root", "outsiders", "outsiders_maybe"), "40"),
        binds="200",
        sure="3",
        maybe="5",
        open="false",
        idle="false",
        places=f"jsonb_build_array({place})",
        data=literal(data),
        digest="md5(id || ' ' || n)",
    )


def _sets(given: dict[str, Any]) -> None:
    """Of each account the first roles are made by a permission set."""
    from findings.models import PermissionSetRole
    from findings.models.permission_set import COUNTS

    data = {
        "managed": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "customer": [], "inline": False, "boundary": "",
        "session_seconds": 28_800, "relay_state": "", "region": "eu-west-1", "assigned": [],
    }  # fmt: skip
    copy(
        PermissionSetRole,
        f"""(select r.*, {", ".join(f"o.{name}" for name in COUNTS)} from (
          select *, row_number() over (partition by account_id order by id) as n from collectors_principal
          where type = 'role') r join findings_principalposture o on o.principal_id = r.id where n <= {SETS}) r""",
        given,
        account_id="account_id",
        role_id="id",
        set_arn="'arn:aws:sso:::permissionSet/ssoins-1/ps-' || n",
        name="'set-' || n",
        told_by="'000000000001'",
        people="12",
        whole="true",
        data=literal(data),
        digest="md5(id::text)",
        **{name: name for name in COUNTS},
    )


def _outsiders(given: dict[str, Any]) -> None:
    from findings.models import ExternalAccess

    copy(
        ExternalAccess,
        "(select * from collectors_principal where type = 'role' and mod(id, 10) = 0) r",
        given,
        account_id="account_id",
        role_id="id",
        standing="1 + mod(id / 10, 6)",
        statement="1",
        principal="'arn:aws:iam::999999999999:root'",
        kind="'account'",
        outsider="'999999999999'",
        conditions="'[]'::jsonb",
        external_id="mod(id, 20) = 0",
        blocked_by="'[]'::jsonb",
    )


def _untold(given: dict[str, Any]) -> None:
    """Of principals one by one; and of each account some rules of all that is left, since a source was not read."""
    from findings.models import Unknown

    codes = "(array['LP101', 'LP104', 'HM101', 'KY113', 'LP106'])"
    copy(
        Unknown,
        f"(select p.*, k from collectors_principal p, generate_series(0, {UNTOLD - 1}) k) p",
        given,
        account_id="account_id",
        code=f"{codes}[1 + mod(id + k, 5)]",
        subject_id="unique_id",
        subject_name="name",
        reason="'iam:GenerateServiceLastAccessedDetails did not tell of ' || name",
        since="%(now)s - mod(id, 90) * interval '1 day'",
    )
    copy(
        Unknown,
        f"(select a.id as account_id, unnest({codes}) as code from collectors_account a where mod(a.id, 23) = 0) a",
        given,
        account_id="account_id",
        code="code",
        reason="'iam:GetCredentialReport is denied'",
        since="%(now)s",
    )
