from django.db import migrations

from supportbot.knowledge.index import postgres


def on_postgresql(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in postgres.SCHEMA:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Words and vectors of the passages. SQLite's part is made after every migrate, by `index.sqlite.install`."""

    dependencies = [("knowledge", "0002_articles_passages_imports")]

    operations = [migrations.RunPython(on_postgresql, migrations.RunPython.noop)]
