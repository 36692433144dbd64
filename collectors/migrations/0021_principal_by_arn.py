"""The user of a key is named by its ARN: of a large account all principals were read for it."""

from django.contrib.postgres.indexes import HashIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("collectors", "0020_open_jobs_by_source")]

    operations = [migrations.AddIndex("principal", HashIndex(fields=["arn"], name="principal_by_arn"))]
