from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_generation_sureness")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="choices",
            field=models.JSONField(
                blank=True, default=list, help_text="The answers that the assistant offers as buttons"
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="language",
            field=models.CharField(blank=True, help_text="That the visitor's widget speaks", max_length=10),
        ),
    ]
