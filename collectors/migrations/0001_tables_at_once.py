"""For a new database: all tables as the migrations that this replaces leave them, and what these do by SQL.

A database that has some of them goes on with the others.
"""

from importlib import import_module

from django.db import migrations

from collectors.models.at_once import AtOnce

usage = import_module("collectors.migrations.0002_usage")
months = import_module("collectors.migrations.0012_partitions")
words = import_module("collectors.migrations.0015_principal_words")
NAMES = (
    "0001_initial",
    "0002_usage",
    "0003_adminevent",
    "0004_lookups",
    "0005_activity_indexes",
    "0006_organization_facts",
    "0007_organization_connection",
    "0008_identity_center",
    "0009_trails",
    "0010_config",
    "0011_analyzer",
    "0012_partitions",
    "0013_coverage_health",
    "0014_heartbeat",
    "0015_principal_words",
)


class Migration(migrations.Migration):
    initial = True
    replaces = [("collectors", name) for name in NAMES]
    dependencies = []

    operations = [
        AtOnce("collectors.migrations", NAMES),
        migrations.RunSQL(usage.ENSURE_MONTH),
        migrations.RunSQL(months.ENSURE_MONTH),
        migrations.RunSQL(months.SETTLE_MONTHS),
        migrations.RunSQL(months.DROP_MONTHS),
        migrations.RunSQL(words.WORDS),
    ]
