"""What lists show first is read in the order of an index; what is open and what happened in some accounts from one that begins with
the account and holds all that is asked."""

from django.db import migrations, models

UNRESOLVED = models.Q(resolved_at=None)


class Migration(migrations.Migration):
    dependencies = [("findings", "0027_open_of_subjects")]

    operations = [
        migrations.AddIndex(
            "Unknown", models.Index("code", "subject_name", "id", name="unknown_in_order")
        ),
        migrations.AddIndex(
            "Finding",
            models.Index(
                "severity", "opened_at", "id", name="finding_accepted_in_order", condition=~models.Q(acceptance=None)
            ),
        ),
        migrations.AddIndex(
            "Finding",
            models.Index(
                fields=["account", "severity", "opened_at", "id"],
                include=["code", "practice", "subject_type", "status", "reopened", "first_opened_at"],
                name="finding_unresolved_of_seen",
                condition=UNRESOLVED,
            ),
        ),
        migrations.RemoveIndex("Finding", "finding_unresolved_of"),
        migrations.AddIndex(
            "FindingEvent", models.Index(fields=["account", "at"], include=["kind"], name="finding_event_of_seen")
        ),
        migrations.RemoveIndex("FindingEvent", "finding_event_of_account"),
    ]
