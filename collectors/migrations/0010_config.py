import django.db.models.deletion
from django.db import migrations, models


def observed(*more):
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("unique_id", models.CharField(max_length=2048)),
        ("data", models.JSONField()),
        ("digest", models.CharField(max_length=32)),
        ("data_digest", models.CharField(max_length=32)),
        ("seen_from", models.DateTimeField()),
        ("gone_at", models.DateTimeField(null=True)),
        ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="collectors.account")),
        ("region", models.CharField(max_length=32)),
        *more,
    ]


def identity(name):
    return models.UniqueConstraint("account", "unique_id", name=f"{name}_identity")


class Migration(migrations.Migration):
    dependencies = [("collectors", "0009_trails")]

    operations = [
        migrations.CreateModel(
            name="ConfigAggregator",
            fields=observed(),
            options={"abstract": False, "constraints": [identity("configaggregator")]},
        ),
        migrations.CreateModel(
            name="ConfigRecorder",
            fields=observed(),
            options={"abstract": False, "constraints": [identity("configrecorder")]},
        ),
        migrations.CreateModel(
            name="ConfigRule",
            fields=observed(("name", models.CharField(max_length=128))),
            options={"abstract": False, "constraints": [identity("configrule")]},
        ),
        migrations.CreateModel(
            name="ConfigItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("resource_type", models.CharField(max_length=64)),
                ("resource_id", models.CharField(max_length=128)),
                ("name", models.CharField(max_length=128)),
                ("arn", models.CharField(max_length=2048)),
                ("captured_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("recorded", "recorded"),
                            ("deleted", "deleted"),
                            ("not_recorded", "not recorded"),
                        ],
                        max_length=16,
                    ),
                ),
                ("region", models.CharField(blank=True, default="", max_length=32)),
                ("daily", models.BooleanField(default=False)),
                ("data", models.JSONField(null=True)),
                ("digest", models.CharField(blank=True, default="", max_length=32)),
                ("changed", models.JSONField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "-captured_at"], name="config_item_by_time")],
                "constraints": [
                    models.UniqueConstraint("account", "resource_id", "captured_at", name="config_item_identity")
                ],
            },
        ),
    ]
