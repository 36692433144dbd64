"""Days of all accounts together, and indexes for what is asked of a few rules and of days that are missing."""

from django.db import migrations, models

ALIKE = "day, scored"
THOUSANDTHS = ("score", "decided", "unknown")
SUMMED = ("critical", "high", "medium", "low", "info", "n_opened", "n_reopened", "n_resolved", *THOUSANDTHS, "rules")


def added(*rows: tuple[str, int]) -> str:
    """rows: a table of account days, and whether they came (1) or went (-1)."""
    each = " union all ".join(
        f"select day, score is not null, {sign}, {', '.join(f'{sign} * coalesce({name}, 0)' for name in SUMMED)} from {table}"  # noqa: S608 - constants
        for table, sign in rows
    )
    sums = ", ".join(f"sum({name})" for name in ("n", *SUMMED))
    return f"""
    insert into findings_daytotal ({ALIKE}, n, {", ".join(SUMMED)})
    select {ALIKE}, {sums} from ({each}) each ({ALIKE}, n, {", ".join(SUMMED)})
    group by {ALIKE} having ({sums}) <> ({", ".join("0" for _ in ("n", *SUMMED))});
    """  # noqa: S608 - constants of this module


COUNT = f"""
create function findings_day_counted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then {added(("came", 1))}
  elsif tg_op = 'DELETE' then {added(("went", -1))}
  else {added(("came", 1), ("went", -1))}
  end if;
  return null;
end $$;
create trigger counted_insert after insert on findings_accountday referencing new table as came
  for each statement execute function findings_day_counted();
create trigger counted_update after update on findings_accountday referencing old table as went new table as came
  for each statement execute function findings_day_counted();
create trigger counted_delete after delete on findings_accountday referencing old table as went
  for each statement execute function findings_day_counted();
{added(("findings_accountday", 1))}
set constraints all immediate;
"""  # noqa: S608 - constants of this module
FORGET = """
drop trigger counted_insert on findings_accountday;
drop trigger counted_update on findings_accountday;
drop trigger counted_delete on findings_accountday;
drop function findings_day_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0024_counted_by_less")]

    operations = [
        migrations.CreateModel(
            "DayTotal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.IntegerField()),
                ("day", models.DateField(db_index=True)),
                ("scored", models.BooleanField()),
                *(
                    (name, models.BigIntegerField() if name in THOUSANDTHS else models.IntegerField())
                    for name in SUMMED
                ),
            ],
            {"abstract": False},
        ),
        migrations.RunSQL(COUNT, FORGET),
        migrations.AddIndex(
            "accountday",
            models.Index(
                fields=["day", "account"], include=["gap"], name="account_day_missed", condition=models.Q(gap__gt=1)
            ),
        ),
        migrations.AddIndex(
            "findingcount",
            models.Index("code", "status", name="finding_count_of_rule"),
        ),
    ]
