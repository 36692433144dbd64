"""What is overdue is kept beside what is open, so that nobody counts due dates one by one."""

from importlib import import_module

from django.db import migrations, models

COUNT_BEFORE = import_module("findings.migrations.0019_counted").COUNT
COUNTED = ["account", "code", "practice", "severity", "subject_type", "status"]
ALIKE = "account_id, code, practice, severity, subject_type, status"
EACH = "1, 2, 3, 4, 5, 6, 7"
# As of migration 0019, with n_late.
COUNT = f"""
create or replace function findings_counted() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into findings_findingcount ({ALIKE}, again, n, n_late)
    select {ALIKE}, reopened > 0, count(*), count(*) filter (where late) from came group by {EACH};
  elsif tg_op = 'DELETE' then
    insert into findings_findingcount ({ALIKE}, again, n, n_late)
    select {ALIKE}, reopened > 0, -count(*), -count(*) filter (where late) from went group by {EACH};
  else
    insert into findings_findingcount ({ALIKE}, again, n, n_late) select {ALIKE}, again, sum(n), sum(n_late) from (
      select {ALIKE}, reopened > 0 as again, 1 as n, late::int as n_late from came
      union all select {ALIKE}, reopened > 0, -1, -late::int from went) moved
    group by {EACH} having sum(n) <> 0 or sum(n_late) <> 0;
  end if;
  return null;
end $$;
"""  # noqa: S608 - constants of this module
COUNT_WITHOUT = "create or replace" + COUNT_BEFORE.partition("create")[2].partition("create trigger")[0]
# Whoever writes a day or resolves a finding says whether it is over; time itself is noted by the worker, which writes late alone.
LATE = """
create function findings_late() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  new.late := not new.late;
  return new;
end $$;
create trigger late before insert or update of due_at, resolved_at on findings_finding for each row
  when (new.late is distinct from coalesce(new.resolved_at is null and new.due_at <= statement_timestamp(), false))
  execute function findings_late();
"""
NOT_LATE = "drop trigger late on findings_finding; drop function findings_late();"
# The triggers count these as late.
FILLED = f"""
update findings_finding set late = true where resolved_at is null and due_at <= statement_timestamp();
with alike as (
  delete from findings_findingcount returning *)
insert into findings_findingcount ({ALIKE}, again, n, n_late)
select {ALIKE}, again, sum(n), sum(n_late) from alike group by {EACH} having sum(n) <> 0;
set constraints all immediate;
"""  # noqa: S608 - constants of this module
NOT_YET = models.Q(resolved_at=None) & ~models.Q(due_at=None) & models.Q(late=False)


class Migration(migrations.Migration):
    dependencies = [("findings", "0021_of_seen_accounts")]

    operations = [
        migrations.AddField("finding", "late", models.BooleanField(default=False, db_default=False, editable=False)),
        migrations.AddField("findingcount", "n_late", models.IntegerField(default=0, db_default=0)),
        migrations.AddIndex(
            "finding",
            models.Index(fields=["due_at"], include=[*COUNTED, "late"], name="finding_due_next", condition=NOT_YET),
        ),
        migrations.AddIndex(
            "finding",
            models.Index(
                fields=["account", "due_at"],
                include=[*COUNTED[1:], "late"],
                name="finding_due_next_of",
                condition=NOT_YET,
            ),
        ),
        migrations.RunSQL(COUNT, COUNT_WITHOUT),
        migrations.RunSQL(LATE, NOT_LATE),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
