import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0008_identity_center'),
    ]

    operations = [
        migrations.CreateModel(
            name='Trail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unique_id', models.CharField(max_length=2048)),
                ('data', models.JSONField()),
                ('digest', models.CharField(max_length=32)),
                ('data_digest', models.CharField(max_length=32)),
                ('seen_from', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('name', models.CharField(max_length=128)),
                ('region', models.CharField(max_length=32)),
                ('owner', models.CharField(max_length=12)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(models.F('unique_id'), condition=models.Q(('gone_at', None)), name='trail_of_arn')],
                'constraints': [models.UniqueConstraint(models.F('account'), models.F('unique_id'), name='trail_identity')],
            },
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unique_id', models.CharField(max_length=2048)),
                ('data', models.JSONField()),
                ('digest', models.CharField(max_length=32)),
                ('data_digest', models.CharField(max_length=32)),
                ('seen_from', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('name', models.CharField(max_length=512)),
                ('region', models.CharField(max_length=32)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(models.F('account'), models.F('unique_id'), name='alarm_identity')],
            },
        ),
    ]
