"""Names and ARNs by any part of them: what lists and the search box look for while somebody types."""

from django.db import migrations

# Without pg_trgm, which PostgreSQL ships and the owner of a database may create, a search reads all rows.
WORDS = """
do $$ begin
  create extension if not exists pg_trgm;
  create index principal_words on collectors_principal using gin (upper(name) gin_trgm_ops, upper(arn) gin_trgm_ops);
  create index policy_words on collectors_policy using gin (upper(name) gin_trgm_ops, upper(arn) gin_trgm_ops);
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise warning 'pg_trgm cannot be created: searching roles, users and policies reads all of them';
end $$;
"""
NONE = "drop index if exists principal_words; drop index if exists policy_words;"


class Migration(migrations.Migration):
    dependencies = [("collectors", "0014_heartbeat")]

    operations = [migrations.RunSQL(WORDS, NONE)]
