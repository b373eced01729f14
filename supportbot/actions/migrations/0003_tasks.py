"""Tasks get an owner, a due time, a status, a checklist and what they wait for; their team is one of the workspace."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATUS = [('open', 'Open'), ('in_progress', 'In progress'), ('waiting', 'Waiting'), ('done', 'Done'), ('dropped', 'Dropped')]
MAKER = [('agent', 'Agent'), ('bot', 'Bot'), ('rule', 'Rule')]
TELL = [('no', 'No'), ('wanted', 'Wanted'), ('told', 'Told')]
USER = settings.AUTH_USER_MODEL


class Migration(migrations.Migration):

    dependencies = [
        ('actions', '0002_action_use'),
        ('chat', '0029_email_channel'),
        ('workspaces', '0014_first_steps'),
        migrations.swappable_dependency(USER),
    ]

    operations = [
        migrations.AlterModelOptions(name='task', options={'ordering': ['due_at', 'id']}),
        migrations.RenameField('task', 'subject', 'title'),
        migrations.RenameField('task', 'team', 'team_word'),
        migrations.AlterField('task', 'team_word', models.CharField(default='support', max_length=20)),
        migrations.AddField('task', 'text', models.TextField(blank=True, default='', max_length=4000), preserve_default=False),
        migrations.AddField('task', 'conversation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='chat.conversation')),
        migrations.AddField('task', 'maker', models.CharField(choices=MAKER, default='agent', max_length=10)),
        migrations.AddField('task', 'made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks_made', to=USER)),
        migrations.AddField('task', 'owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to=USER)),
        migrations.AddField('task', 'team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='workspaces.team')),
        migrations.AddField('task', 'due_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('task', 'status', models.CharField(choices=STATUS, default='open', max_length=12)),
        migrations.AddField('task', 'waits_for', models.ManyToManyField(blank=True, related_name='blocks', to='actions.task')),
        migrations.AddField('task', 'tell', models.CharField(choices=TELL, default='no', help_text='Whether the customer hears of it', max_length=8)),
        migrations.AddField('task', 'reminded_at', models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField('task', 'ended_at', models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField('task', 'updated_at', models.DateTimeField(auto_now=True)),
        migrations.CreateModel(
            name='TaskStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=300)),
                ('is_done', models.BooleanField(default=False)),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='actions.task')),
            ],
            options={'ordering': ['id']},
        ),
        migrations.CreateModel(
            name='TaskEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField(max_length=4000)),
                ('is_comment', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='actions.task')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=USER)),
            ],
            options={'ordering': ['id']},
        ),
        migrations.AddIndex('task', models.Index(fields=['workspace', 'status', 'due_at'], name='tasks_by_due')),
        migrations.AddIndex('task', models.Index(fields=['owner', 'status'], name='tasks_of_owner')),
    ]
