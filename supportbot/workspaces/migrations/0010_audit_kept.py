from django.db import migrations

from supportbot.workspaces import audit


def on_postgresql(is_there):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in audit.postgres(is_there):
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """The triggers that keep the audit log. SQLite's are made after every migrate, by `audit`."""

    dependencies = [("workspaces", "0009_team_hours")]

    operations = [migrations.RunPython(on_postgresql(True), on_postgresql(False))]
