import django.db.models.deletion
from django.db import migrations, models

ACTORS = [
    ("root", "root"),
    ("user", "user"),
    ("role", "role"),
    ("federated", "federated"),
    ("service", "service"),
    ("account", "account"),
    ("identity_center", "identity center"),
    ("unknown", "unknown"),
]


class Migration(migrations.Migration):
    dependencies = [("collectors", "0002_usage")]

    operations = [
        migrations.CreateModel(
            name="AdminEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(choices=ACTORS, max_length=16)),
                ("principal_id", models.CharField(max_length=512)),
                ("principal_arn", models.CharField(blank=True, default="", max_length=2048)),
                ("session_name", models.CharField(blank=True, default="", max_length=128)),
                ("key_id", models.CharField(blank=True, default="", max_length=32)),
                ("source", models.CharField(max_length=256)),
                ("name", models.CharField(max_length=256)),
                ("region", models.CharField(blank=True, default="", max_length=64)),
                ("target_type", models.CharField(blank=True, default="", max_length=32)),
                ("target_name", models.CharField(blank=True, default="", max_length=512)),
                ("details", models.JSONField(default=dict)),
                ("network", models.CharField(blank=True, default="", max_length=128)),
                ("agent", models.CharField(blank=True, default="", max_length=128)),
                ("console", models.BooleanField(default=False)),
                ("mfa", models.BooleanField(null=True)),
                ("invoked_by", models.CharField(blank=True, default="", max_length=128)),
                ("error", models.CharField(blank=True, default="", max_length=128)),
                ("denied", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-at"], name="admin_event_by_time"),
                    models.Index(fields=["account", "target_name", "target_type", "-at"], name="admin_event_by_target"),
                    models.Index(fields=["account", "principal_id", "-at"], name="admin_event_by_principal"),
                ],
                "constraints": [
                    models.UniqueConstraint(models.F("account"), models.F("event_id"), name="admin_event_identity")
                ],
            },
        ),
    ]
