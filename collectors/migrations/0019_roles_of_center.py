"""Roles of Identity Center, in all accounts, are found by an index: each collection asks in which regions it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0018_failed_jobs")]

    operations = [
        migrations.AddIndex(
            "principal",
            models.Index(
                models.F("path"),
                name="principal_of_center",
                condition=models.Q(path__startswith="/aws-reserved/sso.amazonaws.com/"),
            ),
        ),
    ]
