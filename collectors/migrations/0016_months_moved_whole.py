"""Who reads a table while its rows move into their month sees all of them, and who makes a month waits for nobody long."""

from django.db import migrations

# A reader that was planned before the month was attached, and waited for _rest, looked into _rest alone: rows that stood there
# for long seemed to be gone. So where there are any, the parent is held first: readers wait there before they are planned.
# A writer makes the months of several tables in one transaction, and a backup reads all tables in one: each could wait for what
# the other holds. Whoever makes a month gives up before that; its rows land in _rest, until a later call finds the table free.
ENSURE_MONTH = """
create or replace function ensure_month(parent regclass, day date) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' set lock_timeout = '500ms' as $$
declare
  month date := date_trunc('month', day);
  after date := date_trunc('month', day) + interval '1 month';
  whole text := (select relname from pg_class where oid = parent and relkind = 'p');
  part text := whole || to_char(day, '_YYYYMM');
  rest text := whole || '_rest';
  key text := (select attname from pg_partitioned_table join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
               where partrelid = parent);
  waiting boolean;
begin
  if part is null then raise 'not partitioned: %', parent; end if;
  if to_regclass('public.' || part) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext(part));
  if to_regclass('public.' || part) is not null then return; end if;
  execute format('select exists (select from public.%I where %I >= %L and %I < %L)', rest, key, month, key, after) into waiting;
  if waiting then execute format('lock table only %s in access exclusive mode', parent); end if;
  execute format('create table public.%I (like %s including all excluding identity, check (%I >= %L and %I < %L))',
                 part, parent, key, month, key, after);
  execute format('lock table public.%I in access exclusive mode', rest);
  execute format('with gone as (delete from public.%I where %I >= %L and %I < %L returning *) insert into public.%I select * from gone',
                 rest, key, month, key, after, part);
  execute format('alter table %s attach partition public.%I for values from (%L) to (%L)', parent, part, month, after);
exception when lock_not_available then
  raise warning '% is in use: rows of % stay in % for now', parent, to_char(month, 'YYYY-MM'), rest;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("collectors", "0015_principal_words")]

    operations = [migrations.RunSQL(ENSURE_MONTH, migrations.RunSQL.noop)]
