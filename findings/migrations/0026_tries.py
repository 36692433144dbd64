"""How often a request for SCPs, and an account of a campaign, was begun: one that kills its worker is given up, as a job is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0025_day_totals")]

    operations = [
        migrations.AddField(name, "attempt", models.SmallIntegerField(db_default=0))
        for name in ("scpproposal", "reviewaccount")
    ]
