"""What a search for an address finds is told with its days, so that a page of the newest is read of these alone."""

from django.db import migrations

from collectors.models.sought import sought

NAME, GIVEN = "sessions_sought", "one text, other text, since date, most int"
FOUND = """from collectors_usagesession
    where (data->'networks' @> to_jsonb(array[:one]) or data->'networks' @> to_jsonb(array[:other])) and day >= :since and {seen}
    limit :most"""
BEFORE = sought(NAME, GIVEN, f"select id {FOUND}")
AFTER = sought(NAME, GIVEN, f"select id, day {FOUND}", gives="table (id bigint, day date)")
GONE = f"drop function {NAME};"


class Migration(migrations.Migration):
    dependencies = [("collectors", "0025_in_seen_order")]

    operations = [migrations.RunSQL(GONE + AFTER, GONE + BEFORE)]
