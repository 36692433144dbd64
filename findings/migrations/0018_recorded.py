import django.db.models.deletion
from django.db import migrations, models

STATES = [(one, one) for one in ("yes", "part", "no", "unknown")]


class Migration(migrations.Migration):
    dependencies = [("collectors", "0011_analyzer"), ("findings", "0017_verdict_months")]

    operations = [
        migrations.CreateModel(
            name="RecordedRegion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=32)),
                ("in_use", models.BooleanField(null=True)),
                ("gap", models.PositiveSmallIntegerField()),
                ("management", models.CharField(choices=STATES, max_length=8)),
                ("data", models.CharField(choices=STATES, max_length=8)),
                ("config", models.CharField(choices=STATES, max_length=8)),
                ("analyzer", models.CharField(choices=STATES, max_length=8)),
                ("ours", models.CharField(choices=STATES, max_length=8)),
                ("words", models.JSONField()),
                ("digest", models.CharField(max_length=32)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("gap"), models.F("id"), name="recorded_region_by_gap")],
                "constraints": [models.UniqueConstraint("account", "region", name="recorded_region_identity")],
            },
        ),
    ]
