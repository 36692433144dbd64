"""As collectors 0025, of findings, sessions, changes, what is unknown, and roles and users by their risk. What is open and what
happened in some accounts is read from indexes that begin with the account and hold all that is asked; what is open of many
subjects, and how much an acceptance hides, is counted from an index alone. What goes, goes last: until then others may read."""

from django.db import migrations, models

UNRESOLVED, ACCEPTED = models.Q(resolved_at=None), ~models.Q(acceptance=None)
IN_ORDER = ("severity", "opened_at", "id", "account")


class Migration(migrations.Migration):
    dependencies = [("findings", "0026_tries")]

    operations = [
        migrations.AddIndex("Finding", models.Index(*IN_ORDER, name="finding_in_seen_order")),
        migrations.AddIndex(
            "Finding", models.Index(*IN_ORDER, name="unresolved_in_seen_order", condition=UNRESOLVED)
        ),
        migrations.AddIndex(
            "Finding", models.Index(*IN_ORDER, name="finding_accepted_in_seen_order", condition=ACCEPTED)
        ),
        migrations.AddIndex(
            "Finding", models.Index("code", *IN_ORDER, name="unresolved_by_rule_seen", condition=UNRESOLVED)
        ),
        migrations.AddIndex(
            "Finding",
            models.Index("subject_name", "id", "account", name="unresolved_by_subject_seen", condition=UNRESOLVED),
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
        migrations.AddIndex(
            "Finding",
            models.Index(
                fields=["subject_id"],
                include=["account", "code", "severity", "status"],
                name="finding_unresolved_of_subject",
                condition=UNRESOLVED,
            ),
        ),
        migrations.AddIndex(
            "Finding", models.Index("acceptance", "account", name="finding_accepted_of", condition=ACCEPTED)
        ),
        migrations.AddIndex(
            "FindingEvent", models.Index(fields=["account", "at"], include=["kind"], name="finding_event_of_seen")
        ),
        migrations.AddIndex(
            "Unknown", models.Index("code", "subject_name", "id", "account", name="unknown_in_seen_order")
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
            "Change",
            models.Index(
                fields=["at", "id", "account"],
                include=["how", "outcome", "actor", "what", "kinds", "agent", "witnesses", "opened", "resolved"],
                name="change_in_seen_order",
            ),
        ),
        migrations.AddIndex(
            "PrincipalPosture", models.Index("risk", "principal", "account", name="posture_by_risk_seen")
        ),
        # Days of accounts are read by their accounts, or not at all where sums of all of them are kept: helpers for reading the
        # whole table would be started, and have nothing to do.
        migrations.RunSQL(
            "alter table findings_accountday set (parallel_workers = 0)",
            "alter table findings_accountday reset (parallel_workers)",
        ),
        migrations.RemoveIndex("Finding", "finding_in_order"),
        migrations.RemoveIndex("Finding", "finding_unresolved"),
        migrations.RemoveIndex("Finding", "finding_unresolved_by_rule"),
        migrations.RemoveIndex("Finding", "finding_unresolved_by_subject"),
        migrations.RemoveIndex("Finding", "finding_unresolved_of"),
        migrations.RemoveIndex("Finding", "finding_accepted_by"),
        migrations.RemoveIndex("FindingEvent", "finding_event_of_account"),
        migrations.RemoveIndex("SessionVerdict", "session_verdict_by_time"),
        migrations.RemoveIndex("SessionVerdict", "session_of_human_on_machine"),
        migrations.RemoveIndex("Change", "change_by_time"),
        migrations.RemoveIndex("PrincipalPosture", "posture_by_risk"),
    ]
