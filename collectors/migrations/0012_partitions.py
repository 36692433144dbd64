"""What is kept for a time only is partitioned by month: days of use, sessions, ledgers, administrative calls, runs."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from collectors.models.partitions import Partition

# Made and attached, so that readers are not kept waiting: PARTITION OF would take the strongest lock on the parent. They run with
# the owner's rights for the worker, and do nothing but this for tables that are partitioned. What waited for its month moves in.
ENSURE_MONTH = """
create or replace function ensure_month(parent regclass, day date) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' as $$
declare
  month date := date_trunc('month', day);
  after date := date_trunc('month', day) + interval '1 month';
  whole text := (select relname from pg_class where oid = parent and relkind = 'p');
  part text := whole || to_char(day, '_YYYYMM');
  rest text := whole || '_rest';
  key text := (select attname from pg_partitioned_table join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
               where partrelid = parent);
begin
  if part is null then raise 'not partitioned: %', parent; end if;
  if to_regclass('public.' || part) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext(part));
  if to_regclass('public.' || part) is not null then return; end if;
  execute format('create table public.%I (like %s including all excluding identity, check (%I >= %L and %I < %L))',
                 part, parent, key, month, key, after);
  execute format('lock table public.%I in access exclusive mode', rest);
  execute format('with gone as (delete from public.%I where %I >= %L and %I < %L returning *) insert into public.%I select * from gone',
                 rest, key, month, key, after, part);
  execute format('alter table %s attach partition public.%I for values from (%L) to (%L)', parent, part, month, after);
end $$;
"""
SETTLE_MONTHS = """
create function settle_months(parent regclass) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' as $$
declare
  month date;
begin
  for month in execute format('select distinct date_trunc(''month'', %I)::date from public.%I order by 1',
    (select attname from pg_partitioned_table join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
     where partrelid = parent), (select relname from pg_class where oid = parent and relkind = 'p') || '_rest')
  loop
    perform ensure_month(parent, month);
  end loop;
  perform ensure_month(parent, current_date);
  perform ensure_month(parent, (current_date + interval '1 month')::date);
end $$;
revoke all on function settle_months from public;
"""
# A month goes when its last day is older than what is to be kept, and never one of the last two, whatever is asked.
DROP_MONTHS = """
create function drop_months(parent regclass, keep_days int) returns text[] language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' as $$
declare
  whole text := (select relname from pg_class where oid = parent and relkind = 'p');
  oldest date := current_date - greatest(keep_days, 62);
  part text;
  gone text[] := '{}';
begin
  if whole is null then raise 'not partitioned: %', parent; end if;
  for part in
    select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = parent and relname ~ ('^' || whole || '_[0-9]{6}$')
      and to_date(right(relname, 6), 'YYYYMM') + interval '1 month' <= oldest order by 1
  loop
    execute format('drop table public.%I', part);
    gone := gone || part;
  end loop;
  return gone;
end $$;
revoke all on function drop_months from public;
"""
REST = "create table if not exists collectors_usagedaily_rest partition of collectors_usagedaily default"


REASONS = [
    ("schedule", "On schedule"),
    ("first", "First collection"),
    ("request", "Asked for"),
    ("bundle", "Loaded from a bundle"),
    ("judgement", "Judged again"),
]


def unique(name, *columns):
    return models.UniqueConstraint(*columns, name=name)


def other(model, constraint):
    """Unique constraints hold the partition's column."""
    return [migrations.RemoveConstraint(model, constraint.name), migrations.AddConstraint(model, constraint)]


class Migration(migrations.Migration):
    dependencies = [("collectors", "0011_analyzer")]

    operations = [
        migrations.RunSQL(REST, migrations.RunSQL.noop),
        migrations.RunSQL(ENSURE_MONTH),
        migrations.RunSQL(SETTLE_MONTHS),
        migrations.RunSQL(DROP_MONTHS),
        Partition("UsageSession", "day"),
        Partition(
            "UsageAssumption", "day", other("UsageAssumption", unique("usage_assumption_identity", "account", "digest", "day"))
        ),
        Partition("AdminEvent", "at", other("AdminEvent", unique("admin_event_identity", "account", "event_id", "at"))),
        Partition("TrailObject", "day", other("TrailObject", unique("trail_object_identity", "account", "key", "day"))),
        Partition(
            "LookedUpEvent", "at", other("LookedUpEvent", unique("looked_up_event_identity", "account", "event_id", "at"))
        ),
        migrations.AddField("Job", "created_at", models.DateTimeField(db_default=Now())),
        migrations.RunSQL(
            "update collectors_job j set created_at = r.created_at from collectors_run r where r.id = j.run_id"
        ),
        Partition(
            "Run",
            "created_at",
            [
                migrations.RemoveConstraint("Run", "run_one_unfinished"),
                migrations.AlterField("Run", "reason", models.CharField(choices=REASONS, max_length=12)),
                migrations.AddIndex(
                    "Run", models.Index("account", name="run_unfinished", condition=models.Q(finished_at=None))
                ),
            ],
        ),
        Partition(
            "Job",
            "created_at",
            [
                migrations.RemoveConstraint("Job", "job_one_open"),
                migrations.AddIndex(
                    "Job",
                    models.Index(
                        "account",
                        "source",
                        name="job_open_of_source",
                        condition=models.Q(state__in=["queued", "running"]),
                    ),
                ),
                migrations.AlterField(
                    "Job",
                    "run",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.run"
                    ),
                ),
            ],
        ),
    ]
