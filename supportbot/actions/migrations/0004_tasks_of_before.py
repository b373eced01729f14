"""Tasks that the bot made before: their conversation, their status, and the team of that name where there is one."""

from django.db import migrations


def tell_more(apps, schema_editor):
    """A team that the workspace does not have is named in the text."""
    teams = apps.get_model('workspaces', 'Team').objects
    for task in apps.get_model('actions', 'Task').objects.select_related('call').iterator():
        task.team = teams.filter(workspace=task.workspace_id, name__iexact=task.team_word).first()
        task.text = '' if task.team else f'For: {task.team_word}'
        task.status = 'done' if task.is_done else 'open'
        task.ended_at = task.created_at if task.is_done else None
        if task.call:
            task.conversation_id, task.made_by_id = task.call.conversation_id, task.call.user_id
            task.maker = 'agent' if task.call.by == 'agent' else 'bot'
        task.save()


def tell_less(apps, schema_editor):
    """The three teams there were before; any other is support's."""
    for task in apps.get_model('actions', 'Task').objects.select_related('team').iterator():
        named = (task.team.name if task.team else task.text.removeprefix('For: ')).lower()
        task.team_word = named if named in ('warehouse', 'accounts') else 'support'
        task.is_done = task.status in ('done', 'dropped')
        task.save()


class Migration(migrations.Migration):

    dependencies = [('actions', '0003_tasks')]

    operations = [migrations.RunPython(tell_more, tell_less)]
