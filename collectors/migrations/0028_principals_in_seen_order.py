"""As of 0027, of the list of roles and users."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0027_in_seen_order")]

    operations = [
        migrations.AddIndex(
            "Principal",
            models.Index("name", "id", "account", name="principal_by_name_seen", condition=models.Q(gone_at=None)),
        ),
        migrations.RemoveIndex("Principal", "principal_by_name"),
    ]
