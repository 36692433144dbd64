from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0006_decided")]

    operations = [
        migrations.AddField("rightsizing", "narrowed", models.JSONField(blank=True, default=list)),
    ]
