"""Indexes of a list's order end with the account: whose a row is, is then told by the index, and no row is read that is another's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0031_session_words")]

    operations = [
        migrations.AddIndex(
            "Unknown", models.Index("code", "subject_name", "id", "account", name="unknown_in_seen_order")
        ),
        migrations.AddIndex(
            "Finding",
            models.Index(
                "severity",
                "opened_at",
                "id",
                "account",
                name="finding_accepted_in_seen_order",
                condition=~models.Q(acceptance=None),
            ),
        ),
        migrations.RemoveIndex("Unknown", "unknown_in_order"),
        migrations.RemoveIndex("Finding", "finding_accepted_in_order"),
    ]
