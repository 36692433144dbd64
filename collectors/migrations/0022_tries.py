"""How often an operator's request was begun: one that kills its worker is given up, as a job is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0021_principal_by_arn")]

    operations = [
        migrations.AddField(name, "attempt", models.SmallIntegerField(db_default=0))
        for name in ("connectiontest", "bundleupload")
    ]
