from django.db import migrations

from supportbot.analytics import marks


def on_postgresql(is_there):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in marks.postgres(is_there):
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """The triggers that mark changed conversations. SQLite's are made after every migrate, by `marks`."""

    dependencies = [("analytics", "0001_cases"), ("chat", "0017_milestones")]

    operations = [migrations.RunPython(on_postgresql(True), on_postgresql(False))]
