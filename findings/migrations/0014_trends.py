import django.db.models.deletion
from django.db import migrations, models

# What was known before: each interval that ended, from its two events, and the days of the rollup. What an event does not tell
# (severity on the day) is as of today. Scores begin with the next judgement.
INTERVALS = """
insert into findings_endedinterval (account_id, finding_id, code, severity, opened_at, resolved_at, why, again, hours)
select e.account_id, e.finding_id, f.code, f.severity, began.at, e.at, e.detail->>'why', began.kind = 'reopened',
       floor(extract(epoch from e.at - began.at) / 3600)
from findings_findingevent e join findings_finding f on f.id = e.finding_id
cross join lateral (
  select b.at, b.kind from findings_findingevent b
  where b.finding_id = e.finding_id and b.kind in ('opened', 'reopened') and b.id < e.id order by b.id desc limit 1) began
where e.kind = 'resolved' and e.detail ? 'why'
on conflict do nothing
"""
DAYS = """
with reopened as (
  select account_id, (at at time zone 'utc')::date as day, count(*) as n from findings_findingevent
  where kind = 'reopened' group by 1, 2),
of_day as (
  select account_id, day,
    coalesce(sum(n_open) filter (where severity = 5), 0) as critical, coalesce(sum(n_open) filter (where severity = 4), 0) as high,
    coalesce(sum(n_open) filter (where severity = 3), 0) as medium, coalesce(sum(n_open) filter (where severity = 2), 0) as low,
    coalesce(sum(n_open) filter (where severity = 1), 0) as info, sum(n_opened) as opened, sum(n_resolved) as resolved
  from findings_dailycount group by 1, 2)
insert into findings_accountday
  (account_id, day, gap, critical, high, medium, low, info, n_opened, n_reopened, n_resolved, rules)
select d.account_id, d.day, coalesce(d.day - lag(d.day) over (partition by d.account_id order by d.day), 0),
       critical, high, medium, low, info, opened, coalesce(r.n, 0), resolved, 0
from of_day d left join reopened r on r.account_id = d.account_id and r.day = d.day
"""


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0008_identity_center'),
        ('findings', '0013_timeline'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('gap', models.PositiveIntegerField(default=0)),
                ('critical', models.PositiveIntegerField(default=0)),
                ('high', models.PositiveIntegerField(default=0)),
                ('medium', models.PositiveIntegerField(default=0)),
                ('low', models.PositiveIntegerField(default=0)),
                ('info', models.PositiveIntegerField(default=0)),
                ('n_opened', models.PositiveIntegerField(default=0)),
                ('n_reopened', models.PositiveIntegerField(default=0)),
                ('n_resolved', models.PositiveIntegerField(default=0)),
                ('score', models.PositiveIntegerField(null=True)),
                ('decided', models.PositiveIntegerField(null=True)),
                ('unknown', models.PositiveIntegerField(null=True)),
                ('rules', models.PositiveSmallIntegerField(default=0)),
                ('lost', models.JSONField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('account'), models.F('day'), name='account_day_identity')],
                'indexes': [
                    models.Index(fields=['day', 'account'], include=('gap', 'info', 'low', 'medium', 'high', 'critical', 'n_opened', 'n_reopened', 'n_resolved', 'score', 'decided', 'unknown', 'rules'), name='account_day_of_day'),
                    models.Index(models.F('account'), models.F('day'), condition=models.Q(('lost__isnull', False)), name='account_day_step'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EndedInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=5)),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'Info'), (2, 'Low'), (3, 'Medium'), (4, 'High'), (5, 'Critical')])),
                ('opened_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField()),
                ('why', models.CharField(choices=[('clear', 'The fault is gone'), ('not_applicable', 'The rule no longer applies'), ('subject_gone', 'The subject was deleted')], max_length=16)),
                ('again', models.BooleanField()),
                ('hours', models.PositiveIntegerField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('finding', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='ended', to='findings.finding')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('finding'), models.F('opened_at'), name='ended_interval_identity')],
                'indexes': [
                    models.Index(fields=['resolved_at'], include=('account', 'finding', 'opened_at', 'code', 'severity', 'why', 'again', 'hours'), name='ended_interval_resolved'),
                    models.Index(fields=['opened_at'], include=('account', 'finding', 'resolved_at'), name='ended_interval_opened'),
                ],
            },
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['opened_at'], include=('account', 'code', 'severity', 'reopened'), name='finding_unresolved_since'),
        ),
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.RunSQL(INTERVALS, migrations.RunSQL.noop),
    ]
