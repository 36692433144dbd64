"""Operators of some accounts search findings among the few that have the text: the planner, who expects a hundredth of all to have
it, read all findings of their accounts from an index to leave the others out."""

from django.db import migrations

from collectors.models.sought import sought

NAME, GIVEN = "findings_sought", "pattern text, most int"
WORDS = r"(subject_name || E'\n' || subject_arn || E'\n' || title)"
FOUND = f"from findings_finding where {WORDS} ilike :pattern"
BEFORE = sought(NAME, GIVEN, f"select id {FOUND} and {{seen}} limit :most")
# What more have than that is found soon among the accounts' own.
FEW = 1_000
OF_SOME = f"""with few as materialized (select id, account_id {FOUND} limit {FEW})
  select id from few where {{seen}} and (select count(*) from few) < {FEW}
  union all (select id {FOUND} and {{seen}} and (select count(*) from few) >= {FEW} limit :most)"""
AFTER = sought(NAME, GIVEN, f"select id {FOUND} and {{seen}} limit :most", OF_SOME)
GONE = f"drop function {NAME};"


class Migration(migrations.Migration):
    dependencies = [("findings", "0028_session_words")]

    operations = [migrations.RunSQL(GONE + AFTER, GONE + BEFORE)]
