from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0013_coverage_health")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("heard_at", models.DateTimeField()),
            ],
        ),
    ]
