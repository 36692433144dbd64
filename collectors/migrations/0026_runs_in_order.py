"""The last runs are read in the order of an index, not sorted out of all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collectors", "0025_in_order")]

    operations = [migrations.AddIndex("Run", models.Index("created_at", "id", name="run_in_order"))]
