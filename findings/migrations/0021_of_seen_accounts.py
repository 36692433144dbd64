"""What operators of some accounts count, they count in an index that begins with the account."""

from django.db import migrations, models

COUNTED = ["how", "outcome", "actor", "what", "kinds", "agent", "witnesses", "opened", "resolved"]


class Migration(migrations.Migration):
    dependencies = [("findings", "0020_timeline_witnesses")]

    operations = [
        migrations.RemoveIndex("change", "change_of_account"),
        migrations.AddIndex(
            "change", models.Index(fields=["account", "at", "id"], include=COUNTED, name="change_of_account")
        ),
        migrations.AddIndex(
            "endedinterval",
            models.Index(
                fields=["account", "resolved_at"],
                include=["finding", "opened_at", "code", "severity", "why", "again", "hours"],
                name="ended_interval_of_account",
            ),
        ),
    ]
