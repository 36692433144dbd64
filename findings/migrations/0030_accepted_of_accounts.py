"""How much an acceptance hides, and in which accounts, is counted from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0029_days_in_one_process")]

    operations = [
        migrations.AddIndex(
            "Finding",
            models.Index(
                "acceptance", "account", name="finding_accepted_of", condition=~models.Q(acceptance=None)
            ),
        ),
        migrations.RemoveIndex("Finding", "finding_accepted_by"),
    ]
