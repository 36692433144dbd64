"""Sessions are searched by an index of what names them, also for operators of some accounts."""

from django.db import migrations

from collectors.models.sought import sought

# Without pg_trgm, which PostgreSQL ships and the owner of a database may create, a search reads all of the last 90 days.
WORDS = """
do $$ begin
  create extension if not exists pg_trgm;
  create index session_verdict_words on findings_sessionverdict using gin (text gin_trgm_ops);
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise warning 'pg_trgm cannot be created: searching sessions reads all of them';
end $$;
"""
SOUGHT = sought(
    "session_words_sought",
    "pattern text, since timestamptz, most int",
    "select session_id from findings_sessionverdict where text like :pattern and at >= :since and {seen} limit :most",
)


class Migration(migrations.Migration):
    dependencies = [("findings", "0027_in_seen_order")]

    operations = [
        migrations.RunSQL(WORDS, "drop index if exists session_verdict_words"),
        migrations.RunSQL(SOUGHT, "drop function session_words_sought"),
    ]
