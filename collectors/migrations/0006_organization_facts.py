import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0005_activity_indexes")]

    operations = [
        migrations.AddField(model_name="organizationaccount", name="tags_at", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="DelegatedAdministrator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unique_id", models.CharField(max_length=2048)),
                ("data", models.JSONField()),
                ("digest", models.CharField(max_length=32)),
                ("data_digest", models.CharField(max_length=32)),
                ("seen_from", models.DateTimeField()),
                ("gone_at", models.DateTimeField(null=True)),
                ("name", models.CharField(max_length=128)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="collectors.account")),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account"), models.F("unique_id"), name="delegatedadministrator_identity"
                    )
                ],
            },
        ),
    ]
