from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0004_sign_in")]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="preferences",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
