"""Verdicts on sessions go with the months of their sessions. They are made again by the next judgement of each account."""

import datetime

from django.db import migrations, models

from collectors.models.partitions import Partition


class Migration(migrations.Migration):
    dependencies = [("collectors", "0012_partitions"), ("findings", "0016_review")]

    operations = [
        migrations.RunSQL("truncate findings_sessionverdict", migrations.RunSQL.noop),
        migrations.AddField(
            "SessionVerdict", "day", models.DateField(default=datetime.date(2026, 1, 1)), preserve_default=False
        ),
        Partition("SessionVerdict", "day"),
    ]
