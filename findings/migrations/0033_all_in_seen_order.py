"""As of 0032, of the lists of findings, sessions, changes, and roles and users by their risk."""

from django.db import migrations, models

from findings.models.timeline import COUNTED

UNRESOLVED = models.Q(resolved_at=None)


class Migration(migrations.Migration):
    dependencies = [("findings", "0032_in_seen_order")]

    operations = [
        migrations.AddIndex(
            "Finding", models.Index("severity", "opened_at", "id", "account", name="finding_in_seen_order")
        ),
        migrations.AddIndex(
            "Finding",
            models.Index(
                "severity", "opened_at", "id", "account", name="unresolved_in_seen_order", condition=UNRESOLVED
            ),
        ),
        migrations.AddIndex(
            "Finding",
            models.Index("subject_name", "id", "account", name="unresolved_by_subject_seen", condition=UNRESOLVED),
        ),
        migrations.AddIndex(
            "Finding",
            models.Index(
                "code", "severity", "opened_at", "id", "account", name="unresolved_by_rule_seen", condition=UNRESOLVED
            ),
        ),
        migrations.AddIndex(
            "SessionVerdict",
            models.Index(
                fields=["at", "session", "account"],
                include=["who", "machine", "actor", "sign_in"],
                name="session_verdict_in_seen_order",
            ),
        ),
        migrations.AddIndex(
            "SessionVerdict",
            models.Index(
                fields=["at", "session", "account"],
                name="human_on_machine_seen",
                condition=models.Q(who=1, machine=True),
            ),
        ),
        migrations.AddIndex(
            "Change", models.Index(fields=["at", "id", "account"], include=COUNTED, name="change_in_seen_order")
        ),
        migrations.AddIndex(
            "PrincipalPosture", models.Index("risk", "principal", "account", name="posture_by_risk_seen")
        ),
        migrations.RemoveIndex("Finding", "finding_in_order"),
        migrations.RemoveIndex("Finding", "finding_unresolved"),
        migrations.RemoveIndex("Finding", "finding_unresolved_by_subject"),
        migrations.RemoveIndex("Finding", "finding_unresolved_by_rule"),
        migrations.RemoveIndex("SessionVerdict", "session_verdict_by_time"),
        migrations.RemoveIndex("SessionVerdict", "session_of_human_on_machine"),
        migrations.RemoveIndex("Change", "change_by_time"),
        migrations.RemoveIndex("PrincipalPosture", "posture_by_risk"),
    ]
