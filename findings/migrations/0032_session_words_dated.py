"""What a search for words finds of sessions is told with its days, so that a page of the newest is read of these alone."""

from django.db import migrations

from collectors.models.sought import sought

NAME, GIVEN = "session_words_sought", "pattern text, since timestamptz, most int"
FOUND = "from findings_sessionverdict where text like :pattern and at >= :since and {seen} limit :most"
BEFORE = sought(NAME, GIVEN, f"select session_id {FOUND}")
AFTER = sought(NAME, GIVEN, f"select session_id, day {FOUND}", gives="table (id bigint, day date)")
GONE = f"drop function {NAME};"


class Migration(migrations.Migration):
    dependencies = [("findings", "0031_counted_reviews")]

    operations = [migrations.RunSQL(GONE + AFTER, GONE + BEFORE)]
