"""What the new fields of tasks say is said once."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('actions', '0004_tasks_of_before')]

    operations = [
        migrations.RemoveField('task', 'team_word'),
        migrations.RemoveField('task', 'is_done'),
    ]
