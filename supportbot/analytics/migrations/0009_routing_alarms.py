"""An alert can watch the open alarms of expert routing."""

from django.db import migrations, models

FIGURES = [
    ("backlog", "Backlog"),
    ("conversations", "Conversations"),
    ("resolution", "Resolved by the bot, %"),
    ("handover", "Handed over, %"),
    ("first", "First response, median in minutes"),
    ("people", "First response of people, median in minutes"),
    ("csat", "CSAT, %"),
    ("sla", "SLA met, %"),
    ("reopened", "Reopened, %"),
    ("helped", "Answers that helped, %"),
    ("routing", "Expert routing, open alarms"),
]


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_version_evaluation")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="figure",
            field=models.CharField(choices=FIGURES, max_length=13),
        ),
    ]
