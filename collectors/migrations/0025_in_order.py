"""What lists show first is read in the order of an index, not sorted out of all rows; who is there, and by
which id, from an index; so is what of an API was read anywhere."""

from django.db import migrations, models
from django.db.models.functions import Greatest


class Migration(migrations.Migration):
    dependencies = [("collectors", "0024_days_by_day")]

    operations = [
        migrations.AddIndex(
            "Principal",
            models.Index(
                fields=["id"], include=["unique_id"], name="principal_present", condition=models.Q(gone_at=None)
            ),
        ),
        migrations.AddIndex("Coverage", models.Index("api", "account", name="coverage_of_api")),
        migrations.AddIndex(
            "UsageLast",
            models.Index(
                Greatest("first_at", "used_at", "denied_at"), "principal", "event", name="usage_last_in_order"
            ),
        ),
        migrations.AddIndex(
            "UsageResource", models.Index(fields=["last_at", "principal", "event"], name="usage_resource_in_order")
        ),
        migrations.AddIndex("UsageDaily", models.Index(fields=["last_at"], name="usage_daily_in_order")),
        migrations.AddIndex(
            "Policy",
            models.Index("name", "id", name="policy_own_by_name", condition=models.Q(gone_at=None, aws_managed=False)),
        ),
        migrations.AddIndex(
            "AccessKey",
            models.Index("created_at", "id", name="access_key_by_age", condition=models.Q(gone_at=None, active=True)),
        ),
    ]
