import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('findings', '0009_grouping'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountGuarding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization_id', models.CharField(blank=True, max_length=64)),
                ('organization_known', models.BooleanField()),
                ('management', models.BooleanField()),
                ('path', models.JSONField()),
                ('unit', models.CharField(blank=True, max_length=68)),
                ('unseen', models.TextField(blank=True)),
                ('holders', models.PositiveIntegerField()),
                ('bounded', models.PositiveIntegerField()),
                ('unread', models.PositiveIntegerField()),
                ('limited', models.BooleanField(null=True)),
                ('digest', models.CharField(max_length=32)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='guarding', to='collectors.account')),
            ],
            options={
                'verbose_name_plural': 'account guardings',
                'indexes': [models.Index(models.F('unit'), models.F('account'), name='guarding_of_unit')],
            },
        ),
        migrations.CreateModel(
            name='GuardrailEffect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layer', models.CharField(choices=[('scp', 'SCP'), ('rcp', 'RCP'), ('boundary', 'Permissions boundary')], max_length=8)),
                ('policy', models.CharField(blank=True, max_length=2048)),
                ('level', models.CharField(blank=True, max_length=68)),
                ('name', models.TextField()),
                ('alone', models.PositiveIntegerField()),
                ('also', models.PositiveIntegerField()),
                ('conditional', models.PositiveIntegerField()),
                ('partly', models.PositiveIntegerField()),
                ('root', models.PositiveIntegerField()),
                ('outsiders', models.PositiveIntegerField()),
                ('outsiders_maybe', models.PositiveIntegerField()),
                ('binds', models.PositiveIntegerField()),
                ('sure', models.PositiveIntegerField()),
                ('maybe', models.PositiveIntegerField()),
                ('open', models.BooleanField()),
                ('idle', models.BooleanField()),
                ('unread', models.TextField(blank=True)),
                ('places', models.JSONField()),
                ('data', models.JSONField()),
                ('digest', models.CharField(max_length=32)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'indexes': [models.Index(models.F('policy'), models.F('account'), name='guardrail_effect_of_policy')],
                'constraints': [models.UniqueConstraint(fields=('account', 'layer', 'policy', 'level'), name='guardrail_effect_identity')],
            },
        ),
    ]
