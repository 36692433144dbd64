"""Words of sessions are sought in the months alone that are shown, of the 14 that are kept."""

from django.db import migrations

from collectors.models.sought import sought

NAME, GIVEN, GIVES = "session_words_sought", "pattern text, since timestamptz, most int", "table (id bigint, day date)"
FOUND = "select session_id, day from findings_sessionverdict where text like :pattern and at >= :since"
BEFORE = sought(NAME, GIVEN, f"{FOUND} and {{seen}} limit :most", gives=GIVES)
OF_DAYS = f"{FOUND} and day >= (:since at time zone 'UTC')::date and {{seen}} limit :most"
AFTER = sought(NAME, GIVEN, OF_DAYS, gives=GIVES)
GONE = f"drop function {NAME};"


class Migration(migrations.Migration):
    dependencies = [("findings", "0032_session_words_dated")]

    operations = [migrations.RunSQL(GONE + AFTER, GONE + BEFORE)]
