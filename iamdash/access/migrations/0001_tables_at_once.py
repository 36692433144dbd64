"""For a new database: all tables as the migrations that this replaces leave them, and what these do by SQL.

A database that has some of them goes on with the others.
"""

from importlib import import_module

from django.db import migrations

from collectors.models.at_once import AtOnce

audit = import_module("iamdash.access.migrations.0003_audit")
NAMES = (
    "0001_initial",
    "0002_apitoken",
    "0003_audit",
    "0004_sign_in",
    "0005_operator_preferences",
)


class Migration(migrations.Migration):
    initial = True
    replaces = [("access", name) for name in NAMES]
    dependencies = [("collectors", "0001_initial")]

    operations = [
        AtOnce("iamdash.access.migrations", NAMES),
        migrations.RunSQL(audit.CHAIN),
        migrations.RunSQL(audit.KEEP),
    ]
