from django.db import migrations, models

from supportbot.knowledge.index import postgres

ANEW = (
    "DROP INDEX IF EXISTS knowledge_passage_embedding",
    "ALTER TABLE knowledge_passage DROP COLUMN IF EXISTS words",
    *postgres.SCHEMA,
)


def on_postgresql(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in ANEW:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    """The scope of a passage is a word of its own, and its words lie in its row."""

    dependencies = [("knowledge", "0006_article_feedback")]

    operations = [
        migrations.RemoveIndex("passage", "passage_by_language"),
        migrations.AddIndex(
            "passage", models.Index(fields=["workspace", "language", "audience"], name="passage_by_scope")
        ),
        migrations.RunPython(on_postgresql, migrations.RunPython.noop),
    ]
