from django.db import migrations


def fill(apps, schema_editor):
    """Conversations that another machine began; their workspaces are counted anew by the next sweep."""
    chats = apps.get_model('api', 'ApiChat').objects
    for row in apps.get_model('chat', 'Conversation').objects.filter(id__in=chats.values('conversation')).iterator():
        row.channel = 'api'
        row.attributes.pop('channel', None)
        row.save(update_fields=['channel', 'attributes'])
    preferences = apps.get_model('analytics', 'Preferences').objects
    preferences.filter(workspace__in=chats.values('workspace')).update(zone='')


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0001_initial'),
        ('chat', '0027_channel'),
        ('analytics', '0005_channel'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
