from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0027_channel'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(fields=['created_at'], name='corrections_by_time'),
        ),
        migrations.AddIndex(
            model_name='suggestionuse',
            index=models.Index(fields=['created_at'], name='suggestion_uses_by_time'),
        ),
    ]
