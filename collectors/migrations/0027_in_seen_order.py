"""Indexes of a list's order end with the account: whose a row is, is then told by the index, and no row is read that is another's."""

from django.db import migrations, models
from django.db.models.functions import Greatest


class Migration(migrations.Migration):
    dependencies = [("collectors", "0026_runs_in_order")]

    operations = [
        migrations.AddIndex(
            "UsageLast",
            models.Index(
                Greatest("first_at", "used_at", "denied_at"),
                "principal",
                "event",
                "account",
                name="usage_last_in_seen_order",
            ),
        ),
        migrations.AddIndex(
            "UsageResource",
            models.Index(fields=["last_at", "principal", "event", "account"], name="usage_resource_in_seen_order"),
        ),
        migrations.AddIndex(
            "UsageDaily", models.Index(fields=["last_at", "account"], name="usage_daily_in_seen_order")
        ),
        migrations.AddIndex(
            "Policy",
            models.Index(
                "name",
                "id",
                "account",
                name="policy_own_in_seen_order",
                condition=models.Q(gone_at=None, aws_managed=False),
            ),
        ),
        migrations.AddIndex(
            "AccessKey",
            models.Index(
                "created_at",
                "id",
                "account",
                name="access_key_in_seen_order",
                condition=models.Q(gone_at=None, active=True),
            ),
        ),
        migrations.AddIndex("Run", models.Index("created_at", "id", "account", name="run_in_seen_order")),
        migrations.RemoveIndex("UsageLast", "usage_last_in_order"),
        migrations.RemoveIndex("UsageResource", "usage_resource_in_order"),
        migrations.RemoveIndex("UsageDaily", "usage_daily_in_order"),
        migrations.RemoveIndex("Policy", "policy_own_by_name"),
        migrations.RemoveIndex("AccessKey", "access_key_by_age"),
        migrations.RemoveIndex("Run", "run_in_order"),
    ]
