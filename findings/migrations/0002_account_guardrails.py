import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0001_initial'),
        ('findings', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountGuardrails',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=32)),
                ('data', models.JSONField()),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'verbose_name_plural': 'account guardrails',
            },
        ),
    ]
