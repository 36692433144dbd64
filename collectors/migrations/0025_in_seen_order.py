"""What lists show first is read in the order of an index, not sorted out of all rows. These indexes end with the account: whose a row
is, is then told by the index, and no row is read that is another's. Who is there, and by which id, is read from an index as well;
so is what of an API was read anywhere."""

from django.db import migrations, models
from django.db.models.functions import Greatest

PRESENT = models.Q(gone_at=None)


class Migration(migrations.Migration):
    dependencies = [("collectors", "0024_days_by_day")]

    operations = [
        migrations.AddIndex(
            "Principal",
            models.Index(fields=["id"], include=["unique_id"], name="principal_present", condition=PRESENT),
        ),
        migrations.AddIndex(
            "Principal", models.Index("name", "id", "account", name="principal_by_name_seen", condition=PRESENT)
        ),
        migrations.AddIndex("Coverage", models.Index("api", "account", name="coverage_of_api")),
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
        migrations.RemoveIndex("Principal", "principal_by_name"),
    ]
