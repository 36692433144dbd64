"""Counts of what an access review put before its reviewers, and of what they said: kept as 0024 keeps those of findings."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

UNCOUNT_BEFORE = import_module("findings.migrations.0024_counted_by_less").UNCOUNT
ALIKE = "review_id, account_id, verdict, state"


def added(*rows: tuple[str, int]) -> str:
    """rows: a table of items, and whether they came (1) or went (-1)."""
    each = " union all ".join(f"select {ALIKE}, {sign} as n from {table}" for table, sign in rows)
    return f"""
    insert into findings_reviewcount ({ALIKE}, n)
    select {ALIKE}, sum(n) from ({each}) each group by {ALIKE} having sum(n) <> 0;
    """  # noqa: S608 - constants of this module


FILLED = added(("findings_reviewitem", 1))
COUNT = f"""
create function findings_review_counted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then {added(("came", 1))}
  elsif tg_op = 'DELETE' then {added(("went", -1))}
  else {added(("came", 1), ("went", -1))}
  end if;
  return null;
end $$;
create trigger counted_insert after insert on findings_reviewitem referencing new table as came
  for each statement execute function findings_review_counted();
create trigger counted_update after update on findings_reviewitem referencing old table as went new table as came
  for each statement execute function findings_review_counted();
create trigger counted_delete after delete on findings_reviewitem referencing old table as went
  for each statement execute function findings_review_counted();
create function findings_review_uncounted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  delete from findings_reviewcount where review_id in (select id from went);
  return null;
end $$;
create trigger uncounted after delete on findings_review referencing old table as went
  for each statement execute function findings_review_uncounted();
{FILLED}
set constraints all immediate;
"""
FORGET = """
drop trigger uncounted on findings_review;
drop function findings_review_uncounted();
drop trigger counted_insert on findings_reviewitem;
drop trigger counted_update on findings_reviewitem;
drop trigger counted_delete on findings_reviewitem;
drop function findings_review_counted();
"""
UNCOUNT = UNCOUNT_BEFORE.replace(
    "  return null;", "  delete from findings_reviewcount where account_id in (select id from went);\n  return null;"
)


def of(to: str, **more: bool) -> models.Field:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=to, **more)


class Migration(migrations.Migration):
    dependencies = [("findings", "0030_summed_sets")]

    operations = [
        migrations.CreateModel(
            "ReviewCount",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.IntegerField()),
                ("verdict", models.CharField(max_length=6)),
                ("state", models.CharField(max_length=8)),
                ("account", of("collectors.account")),
                ("review", of("findings.review")),
            ],
            {"abstract": False},
        ),
        migrations.RunSQL(COUNT, FORGET),
        migrations.RunSQL(UNCOUNT, UNCOUNT_BEFORE),
    ]
