from django.db import migrations, models

from collectors.models.coverage import TROUBLE


class Migration(migrations.Migration):
    """How old and how whole each account's data is, which the frame of every page tells."""

    dependencies = [("collectors", "0012_partitions")]

    operations = [
        migrations.AddIndex(
            "coverage",
            models.Index(
                models.F("account"),
                models.F("complete_at"),
                name="coverage_newest",
                condition=~models.Q(complete_at=None),
            ),
        ),
        migrations.AddIndex(
            "coverage",
            models.Index(models.F("account"), name="coverage_trouble", condition=models.Q(state__in=TROUBLE)),
        ),
    ]
