"""Runs with a source that failed are told apart by an index, not by reading all jobs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0017_disconnected")]

    operations = [
        migrations.AddIndex(
            "job", models.Index(models.F("run"), name="job_failed", condition=models.Q(state="failed"))
        ),
    ]
