"""The newest day is looked up: the list of days read them all for its first page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0023_policies_held")]

    operations = [migrations.AddIndex("UsageDaily", models.Index(fields=["day"], name="usage_daily_of_day"))]
