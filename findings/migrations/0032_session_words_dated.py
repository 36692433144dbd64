"""What a search for words finds of sessions is told with its days, so that a page of the newest is read of these alone; and of the
14 months that are kept only those are searched that are shown."""

from django.db import migrations

from collectors.models.sought import sought

NAME, GIVEN = "session_words_sought", "pattern text, since timestamptz, most int"
FOUND = "from findings_sessionverdict where text like :pattern and at >= :since"
BEFORE = sought(NAME, GIVEN, f"select session_id {FOUND} and {{seen}} limit :most")
OF_DAYS = f"select session_id, day {FOUND} and day >= (:since at time zone 'UTC')::date and {{seen}} limit :most"
AFTER = sought(NAME, GIVEN, OF_DAYS, gives="table (id bigint, day date)")
GONE = f"drop function {NAME};"


class Migration(migrations.Migration):
    dependencies = [("findings", "0031_counted_reviews")]

    operations = [migrations.RunSQL(GONE + AFTER, GONE + BEFORE)]
