"""Counts of findings by less than all, which is much fewer rows; and counts of principals."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from findings.models.finding import PRACTICES, SEVERITIES

COUNT_BEFORE = import_module("findings.migrations.0022_late").COUNT
ALIKE = "account_id, code, practice, severity, subject_type, status"
OF_ACCOUNT = "account_id, severity, status, again"
OF_ALL = "code, practice, severity, subject_type, status, again"


def summed(table: str, alike: str, rows: str) -> str:
    """rows: with n and n_late. What sums up to nothing adds no row."""
    return f"""insert into {table} ({alike}, n, n_late) select {alike}, sum(n), sum(n_late) from {rows}
    group by {alike} having sum(n) <> 0 or sum(n_late) <> 0"""  # noqa: S608 - constants of this module


def added(rows: str) -> str:
    """To all three tables, of the findings that a statement changed. One that only reads the others' rows tells what moved."""
    return f"""
    with moved as materialized (
      select {ALIKE}, again, sum(n) as n, sum(n_late) as n_late from ({rows}) each
      group by 1, 2, 3, 4, 5, 6, 7 having sum(n) <> 0 or sum(n_late) <> 0),
    whole as ({summed("findings_findingtotal", OF_ALL, "moved")}),
    of_account as ({summed("findings_accountfindings", OF_ACCOUNT, "moved")})
    insert into findings_findingcount ({ALIKE}, again, n, n_late) select * from moved;
    """  # noqa: S608 - constants of this module


CAME = f"select {ALIKE}, reopened > 0 as again, 1 as n, late::int as n_late from came"
WENT = f"select {ALIKE}, reopened > 0 as again, -1 as n, -late::int as n_late from went"  # noqa: S608
COUNT = f"""
create or replace function findings_counted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then {added(CAME)}
  elsif tg_op = 'DELETE' then {added(WENT)}
  else {added(f"{CAME} union all {WENT}")}
  end if;
  return null;
end $$;
"""
# Of a principal, its posture and its provenance.
OF_PRINCIPAL = "account_id, type, here, bounded, kind, observed, worst, made"
STANDS = "p.account_id, p.type, p.gone_at is null, p.boundary <> ''"
POSTURE = "left join findings_principalposture o on o.principal_id = p.id"
PROVENANCE = "left join findings_provenance v on v.principal_id = p.id"


def moved(*parts: str) -> str:
    """parts: selects of OF_PRINCIPAL and n."""
    return f"""
    insert into findings_principalcount ({OF_PRINCIPAL}, n)
    select {OF_PRINCIPAL}, sum(n) from ({" union all ".join(parts)}) each ({OF_PRINCIPAL}, n)
    group by {OF_PRINCIPAL} having sum(n) <> 0;
    """  # noqa: S608 - constants of this module


def principals(rows: str, sign: int) -> str:
    return f"select {STANDS}, o.kind, o.observed, o.worst, v.made, {sign} from {rows} p {POSTURE} {PROVENANCE}"  # noqa: S608


def postures(rows: str, sign: int) -> str:
    """A principal with the posture, for one without."""
    kept = f"from {rows} o join collectors_principal p on p.id = o.principal_id {PROVENANCE}"
    return f"""select {STANDS}, o.kind, o.observed, o.worst, v.made, {sign} {kept}
    union all select {STANDS}, null, null, null, v.made, {-sign} {kept}"""  # noqa: S608 - constants of this module


def provenances(rows: str, sign: int) -> str:
    kept = f"from {rows} v join collectors_principal p on p.id = v.principal_id {POSTURE}"
    return f"""select {STANDS}, o.kind, o.observed, o.worst, v.made, {sign} {kept}
    union all select {STANDS}, o.kind, o.observed, o.worst, null, {-sign} {kept}"""  # noqa: S608 - constants of this module


COUNTED = {
    "collectors_principal": principals,
    "findings_principalposture": postures,
    "findings_provenance": provenances,
}


def counting(table: str) -> str:
    part, name = COUNTED[table], f"{table}_counted"
    return f"""
create function {name}() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then {moved(part("came", 1))}
  elsif tg_op = 'DELETE' then {moved(part("went", -1))}
  else {moved(part("came", 1), part("went", -1))}
  end if;
  return null;
end $$;
create trigger counted_insert after insert on {table} referencing new table as came
  for each statement execute function {name}();
create trigger counted_update after update on {table} referencing old table as went new table as came
  for each statement execute function {name}();
create trigger counted_delete after delete on {table} referencing old table as went
  for each statement execute function {name}();
"""


def forgetting(table: str) -> str:
    each = (f"drop trigger counted_{what} on {table};" for what in ("insert", "update", "delete"))
    return f"{' '.join(each)} drop function {table}_counted();"


# As of migration 0019: with an account go its counts, whatever they are by.
UNCOUNT = """
create or replace function findings_uncounted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  delete from findings_findingcount where account_id in (select id from went);
  delete from findings_accountfindings where account_id in (select id from went);
  delete from findings_principalcount where account_id in (select id from went);
  return null;
end $$;
"""
UNCOUNT_BEFORE = """
create or replace function findings_uncounted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  delete from findings_findingcount where account_id in (select id from went);
  return null;
end $$;
"""
FILLED = f"""
{summed("findings_findingtotal", OF_ALL, "findings_findingcount")};
{summed("findings_accountfindings", OF_ACCOUNT, "findings_findingcount")};
{moved(principals("collectors_principal", 1))}
set constraints all immediate;
"""
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
STATUS = [("open", "Open"), ("accepted", "Accepted"), ("resolved", "Resolved")]


def counted(*more: tuple[str, models.Field]) -> list[tuple[str, models.Field]]:
    return [
        ID,
        ("n", models.IntegerField()),
        ("severity", models.PositiveSmallIntegerField(choices=SEVERITIES)),
        ("status", models.CharField(choices=STATUS, max_length=8)),
        ("again", models.BooleanField()),
        ("n_late", models.IntegerField(default=0, db_default=0)),
        *more,
    ]


def account(**more: bool) -> tuple[str, models.Field]:
    return "account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="collectors.account", **more)


class Migration(migrations.Migration):
    dependencies = [("findings", "0023_past_rule_states"), ("collectors", "0018_failed_jobs")]

    operations = [
        migrations.CreateModel("AccountFindings", counted(account()), {"abstract": False}),
        migrations.CreateModel(
            "FindingTotal",
            counted(
                ("code", models.CharField(max_length=5)),
                ("practice", models.CharField(choices=PRACTICES, max_length=2)),
                ("subject_type", models.CharField(max_length=12)),
            ),
            {"abstract": False},
        ),
        migrations.CreateModel(
            "PrincipalCount",
            [
                ID,
                ("n", models.IntegerField()),
                ("type", models.CharField(choices=[("role", "Role"), ("user", "User")], max_length=8)),
                ("here", models.BooleanField()),
                ("bounded", models.BooleanField()),
                ("kind", models.CharField(max_length=20, null=True)),
                ("observed", models.CharField(max_length=8, null=True)),
                ("worst", models.PositiveSmallIntegerField(null=True)),
                ("made", models.CharField(max_length=16, null=True)),
                account(),
            ],
            {"abstract": False},
        ),
        migrations.AddIndex(
            "rulestate",
            models.Index(
                models.F("account"), models.F("code"), name="rule_state_in_doubt", condition=~models.Q(reason="")
            ),
        ),
        migrations.AlterField("finding", *account(db_index=False)),
        migrations.AddIndex(
            "finding",
            models.Index(
                models.F("account"),
                models.F("severity"),
                models.F("opened_at"),
                models.F("id"),
                name="finding_in_order_of",
            ),
        ),
        migrations.RunSQL(COUNT, COUNT_BEFORE),
        migrations.RunSQL(UNCOUNT, UNCOUNT_BEFORE),
        *(migrations.RunSQL(counting(table), forgetting(table)) for table in COUNTED),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
