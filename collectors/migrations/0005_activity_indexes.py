import django.contrib.postgres.indexes
import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0004_lookups")]

    operations = [
        migrations.AddIndex(
            model_name="usageresource",
            index=models.Index(fields=["resource"], name="usage_resource_by_prefix", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="usagesession",
            index=models.Index(
                condition=models.Q(("key", ""), _negated=True), fields=["key"], name="usage_session_of_key"
            ),
        ),
        migrations.AddIndex(
            model_name="usagesession",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.fields.json.KeyTransform("networks", "data"), "jsonb_path_ops"
                ),
                name="usage_session_of_address",
            ),
        ),
    ]
