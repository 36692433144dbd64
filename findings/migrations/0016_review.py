import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models

# What a closed campaign holds is as it was: no more decisions and reviewers, and it stays closed. The lock makes who closes it wait
# for those who are deciding.
CLOSED = """
create function review_is_open() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform 1 from findings_review r where r.id in (select distinct review_id from changed) for share;
  if exists (select 1 from findings_review r join changed c on c.review_id = r.id where r.closed_at is not null) then
    raise exception 'the review is closed' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create function review_stays_closed() returns trigger language plpgsql as $$
begin
  if old.closed_at is not null then
    raise exception 'the review is closed' using errcode = 'check_violation';
  end if;
  return new;
end $$;
alter table findings_reviewitem set (toast_tuple_target = 256);  -- evidence apart, so that lists read narrow rows
create trigger stays_closed before update on findings_review for each row execute function review_stays_closed();
""" + "".join(
    f"create trigger review_open_{event} after {event} on findings_{table} referencing new table as changed "
    "for each statement execute function review_is_open();"
    for table in ("reviewdecision", "reviewer")
    for event in ("insert", "update")
)
OPEN_AGAIN = "drop function review_is_open() cascade; drop function review_stays_closed() cascade;"


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0008_identity_center'),
        ('findings', '0015_work'),
    ]

    operations = [
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120)),
                ('note', models.CharField(blank=True, default='', max_length=2000)),
                ('whom', models.JSONField()),
                ('which', models.JSONField()),
                ('starts_on', models.DateField()),
                ('due_on', models.DateField()),
                ('confirm_days', models.PositiveSmallIntegerField(default=14)),
                ('n_accounts', models.PositiveIntegerField()),
                ('made_by', models.CharField(max_length=150)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('rung_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, default='', max_length=150)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(models.F('starts_on'), condition=models.Q(('closed_at', None), ('frozen_at', None)), name='review_to_freeze')],
            },
        ),
        migrations.CreateModel(
            name='ReviewItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('principal', 'principal'), ('key', 'key'), ('trust', 'trust')], max_length=9)),
                ('type', models.CharField(max_length=8)),
                ('subject_id', models.CharField(max_length=256)),
                ('part', models.TextField()),
                ('name', models.CharField(max_length=256)),
                ('arn', models.CharField(blank=True, max_length=2048)),
                ('sets', models.JSONField()),
                ('people', models.JSONField(default=list)),
                ('worst', models.PositiveSmallIntegerField(choices=[(0, 'None'), (1, 'Info'), (2, 'Low'), (3, 'Medium'), (4, 'High'), (5, 'Critical')])),
                ('evidence', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('frozen_at', models.DateTimeField()),
                ('verdict', models.CharField(blank=True, choices=[('keep', 'Keep'), ('revoke', 'Revoke'), ('reduce', 'Change to the suggested policy')], default='', max_length=6)),
                ('state', models.CharField(blank=True, choices=[('waiting', 'Waiting to be seen gone'), ('gone', 'Confirmed gone'), ('still', 'Still there'), ('back', 'Came back')], default='', max_length=8)),
                ('unsure', models.BooleanField(default=False)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='findings.review')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('set_by', models.CharField(max_length=150)),
                ('set_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_by', models.CharField(blank=True, default='', max_length=150)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('verdict', models.CharField(choices=[('keep', 'Keep'), ('revoke', 'Revoke'), ('reduce', 'Change to the suggested policy')], max_length=6)),
                ('parts', models.JSONField(blank=True, default=list)),
                ('reason', models.CharField(max_length=1000)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='findings.review')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='findings.reviewitem')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be seen gone'), ('gone', 'Confirmed gone'), ('still', 'Still there'), ('back', 'Came back')], max_length=8)),
                ('said', models.TextField(blank=True, default='')),
                ('since', models.DateTimeField(null=True)),
                ('unknown', models.TextField(blank=True, default='')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='outcome', to='findings.reviewdecision')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewSighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be seen gone'), ('gone', 'Confirmed gone'), ('still', 'Still there'), ('back', 'Came back')], max_length=8)),
                ('said', models.TextField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='findings.reviewdecision')),
            ],
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=5)),
                ('subject_id', models.CharField(max_length=256)),
                ('part', models.CharField(blank=True, default='', max_length=128)),
                ('ref', models.UUIDField(default=uuid.uuid4)),
                ('tracker', models.CharField(max_length=80)),
                ('key', models.CharField(blank=True, default='', max_length=80)),
                ('url', models.URLField(blank=True, default='', max_length=1000)),
                ('state', models.CharField(choices=[('asked', 'Asked for'), ('open', 'Open'), ('in_progress', 'In progress'), ('done', 'Done'), ('wont_do', "Won't do")], default='asked', max_length=11)),
                ('state_at', models.DateTimeField(null=True)),
                ('opened_by', models.CharField(max_length=150)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('told', models.CharField(blank=True, default='', max_length=8)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('try_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, default='', max_length=300)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
        ),
        migrations.CreateModel(
            name='TicketNews',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.UUIDField()),
                ('way', models.CharField(choices=[('out', 'Told'), ('in', 'Heard')], max_length=3)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('nonce', models.CharField(blank=True, default='', max_length=64)),
                ('detail', models.JSONField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'verbose_name_plural': 'ticket news',
            },
        ),
        migrations.CreateModel(
            name='ReviewAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.CharField(blank=True, default='', max_length=256)),
                ('contact', models.CharField(blank=True, default='', max_length=254)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('n_items', models.PositiveIntegerField(default=0)),
                ('evidence', models.JSONField(null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='findings.review')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('review'), models.F('account'), name='review_account_identity')],
            },
        ),
        migrations.CreateModel(
            name='Reviewer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('set_by', models.CharField(max_length=150)),
                ('set_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_by', models.CharField(blank=True, default='', max_length=150)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('reviewer', models.CharField(max_length=150)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='findings.review')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('review'), models.F('account'), condition=models.Q(('ended_at', None)), name='reviewer_identity')],
            },
        ),
        migrations.AddIndex(
            model_name='reviewitem',
            index=models.Index(fields=['review', 'account', 'verdict', 'state'], include=('kind', 'worst', 'unsure'), name='review_item_counted'),
        ),
        migrations.AddIndex(
            model_name='reviewitem',
            index=models.Index(models.F('review'), models.F('verdict'), models.F('worst'), models.F('id'), name='review_item_by_verdict'),
        ),
        migrations.AddIndex(
            model_name='reviewitem',
            index=models.Index(models.F('review'), models.F('worst'), models.F('id'), name='review_item_by_worst'),
        ),
        migrations.AddIndex(
            model_name='reviewitem',
            index=models.Index(models.F('review'), models.F('id'), name='review_item_in_order'),
        ),
        migrations.AddIndex(
            model_name='reviewdecision',
            index=models.Index(models.F('item'), models.F('id'), name='review_decision_of_item'),
        ),
        migrations.AddIndex(
            model_name='reviewdecision',
            index=models.Index(models.F('account'), condition=models.Q(('ended_at', None), models.Q(('verdict', 'keep'), _negated=True)), name='review_decision_followed'),
        ),
        migrations.AddConstraint(
            model_name='reviewdecision',
            constraint=models.UniqueConstraint(models.F('item'), condition=models.Q(('ended_at', None)), name='review_decision_identity'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(models.F('ref'), name='ticket_by_ref'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(models.F('account'), models.F('subject_id'), models.F('code'), models.F('part'), name='ticket_of_finding'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(models.F('account'), models.F('subject_id'), models.F('code'), models.F('part'), condition=models.Q(('state__in', ['done', 'wont_do']), _negated=True), name='ticket_identity'),
        ),
        migrations.AddIndex(
            model_name='ticketnews',
            index=models.Index(models.F('ref'), models.F('id'), name='ticket_news_of_ticket'),
        ),
        migrations.AddConstraint(
            model_name='ticketnews',
            constraint=models.UniqueConstraint(models.F('ref'), models.F('account'), models.F('nonce'), condition=models.Q(('nonce', ''), _negated=True), name='ticket_news_once'),
        ),
        migrations.RunSQL(CLOSED, OPEN_AGAIN),
    ]
