"""For a new database: all tables as the migrations that this replaces leave them, and what these do by SQL.

A database that has some of them goes on with the others.
"""

from importlib import import_module

from django.db import migrations

from collectors.models.at_once import AtOnce

review = import_module("findings.migrations.0016_review")
counted = import_module("findings.migrations.0019_counted")
NAMES = (
    "0001_initial",
    "0002_account_guardrails",
    "0003_right_sizing",
    "0004_external_access",
    "0005_session_verdict",
    "0006_decided",
    "0007_narrowed",
    "0008_keys",
    "0009_grouping",
    "0010_guarding",
    "0011_proposed",
    "0012_provenance",
    "0013_timeline",
    "0014_trends",
    "0015_work",
    "0016_review",
    "0017_verdict_months",
    "0018_recorded",
    "0019_counted",
)


class Migration(migrations.Migration):
    initial = True
    replaces = [("findings", name) for name in NAMES]
    dependencies = [("collectors", "0001_initial")]

    operations = [
        AtOnce("findings.migrations", NAMES),
        migrations.RunSQL(review.CLOSED),
        migrations.RunSQL(counted.COUNT),
        migrations.RunSQL(counted.SOUGHT),
    ]
