from django.db import migrations

from supportbot.chat.index import postgres


def on_postgresql(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in postgres.SCHEMA:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Words of messages, notes and contacts. SQLite's part is made after every migrate, by `index.sqlite.install`."""

    dependencies = [("chat", "0010_notes_and_filters")]

    operations = [migrations.RunPython(on_postgresql, migrations.RunPython.noop)]
