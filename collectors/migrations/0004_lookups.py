import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("collectors", "0003_adminevent"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unique_id", models.CharField(max_length=2048)),
                ("data", models.JSONField()),
                ("digest", models.CharField(max_length=32)),
                ("data_digest", models.CharField(max_length=32)),
                ("seen_from", models.DateTimeField()),
                ("gone_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField()),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="collectors.account")),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(models.F("account"), models.F("unique_id"), name="accountaccess_identity")
                ],
            },
        ),
        migrations.CreateModel(
            name="LookedUpEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="looked_up_event_of_time"),
                    models.Index(fields=["account", "-id"], name="looked_up_event_last"),
                ],
                "constraints": [
                    models.UniqueConstraint(models.F("account"), models.F("event_id"), name="looked_up_event_identity")
                ],
            },
        ),
        migrations.CreateModel(
            name="LookupWatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=128)),
                ("until", models.DateTimeField(null=True)),
                ("head", models.DateTimeField(null=True)),
                ("tail", models.DateTimeField(null=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="collectors.account")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account"), models.F("region"), models.F("name"), name="lookup_watch_identity"
                    )
                ],
            },
        ),
    ]
