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
        *more,
    ]


def identity(name):
    return models.UniqueConstraint("account", "unique_id", name=f"{name}_identity")


class Migration(migrations.Migration):
    dependencies = [("collectors", "0010_config")]

    operations = [
        migrations.CreateModel(
            name="Analyzer",
            fields=observed(
                ("region", models.CharField(max_length=32)),
                ("type", models.CharField(max_length=40)),
            ),
            options={
                "abstract": False,
                "constraints": [identity("analyzer")],
                "indexes": [
                    models.Index(
                        models.F("account"),
                        condition=models.Q(("gone_at", None), ("type__startswith", "ORGANIZATION")),
                        name="analyzer_of_organization",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AnalyzerFinding",
            fields=observed(
                ("region", models.CharField(max_length=32)),
                ("owner", models.CharField(max_length=12)),
            ),
            options={
                "abstract": False,
                "constraints": [identity("analyzerfinding")],
                "indexes": [
                    models.Index(
                        models.F("owner"),
                        models.F("account"),
                        condition=models.Q(("gone_at", None)),
                        name="analyzer_finding_of_owner",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Bucket",
            fields=observed(("region", models.CharField(blank=True, max_length=32))),
            options={"abstract": False, "constraints": [identity("bucket")]},
        ),
        migrations.CreateModel(
            name="WatchedBucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint("account", "name", name="watched_bucket_identity")],
            },
        ),
    ]
