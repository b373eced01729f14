"""Two versions may be compared on the questions of one day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0031_voice")]

    operations = [
        migrations.AddField(
            model_name="versioncomparison",
            name="day",
            field=models.DateField(
                help_text="Whose questions, where the workspace is; empty: the latest ones", null=True
            ),
        ),
    ]
