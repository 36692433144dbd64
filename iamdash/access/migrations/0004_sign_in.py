import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_audit")]

    operations = [
        migrations.AddField(
            model_name="operator",
            name="account_groups",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="operator", name="sso_id", field=models.CharField(blank=True, default="", max_length=191)
        ),
        migrations.AddField(model_name="operator", name="sso_managed", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="operator", name="break_glass", field=models.BooleanField(default=False)),
        migrations.AddConstraint(
            model_name="operator",
            constraint=models.UniqueConstraint(
                models.F("sso_id"), condition=models.Q(("sso_id", ""), _negated=True), name="operator_by_sso_id"
            ),
        ),
    ]
