"""Which witnesses a timeline was put together from: those that came later are told of too, once, at the next judgement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0019_counted")]

    operations = [
        migrations.AddField("timelineread", "kinds", models.JSONField(default=list)),
        migrations.AddField("timelineread", "since", models.DateTimeField(null=True)),
    ]
