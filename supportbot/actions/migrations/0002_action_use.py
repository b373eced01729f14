"""Who may have an action done: one field in the place of three flags, and the same for the built-in ones."""

import django.db.models.deletion
from django.db import migrations, models

USES = [('chat', 'in the chat'), ('agents', 'agents only'), ('off', 'off')]


def keep_from_the_chat(apps, schema_editor):
    """What customers could not have done stays so."""
    actions = apps.get_model('actions', 'CustomAction').objects
    actions.filter(by_customer=False).update(use='agents')
    actions.filter(models.Q(is_active=False) | models.Q(by_customer=False, by_agent=False)).update(use='off')


class Migration(migrations.Migration):

    dependencies = [
        ('actions', '0001_initial'),
        ('workspaces', '0003_quote_from'),
    ]

    operations = [
        migrations.AddField(
            model_name='customaction',
            name='use',
            field=models.CharField(choices=USES, default='chat', max_length=10),
        ),
        migrations.RunPython(keep_from_the_chat, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='customaction',
            name='by_agent',
        ),
        migrations.RemoveField(
            model_name='customaction',
            name='by_customer',
        ),
        migrations.RemoveField(
            model_name='customaction',
            name='is_active',
        ),
        migrations.CreateModel(
            name='BuiltInUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=60)),
                ('use', models.CharField(choices=USES, max_length=10)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='built_in_uses', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'action'), name='one_use_per_action')],
            },
        ),
    ]
