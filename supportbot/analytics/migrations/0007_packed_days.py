from django.db import migrations, models


def count_anew(apps, schema_editor):
    """A workspace whose clocks moved is counted as a whole by the next sweep."""
    apps.get_model('analytics', 'Preferences').objects.update(zone='')


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0006_email_channel'),
        ('workspaces', '0006_assignment'),
    ]

    operations = [
        migrations.DeleteModel(name='Day'),
        migrations.CreateModel(
            name='Day',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='On which the cases began, where the workspace is')),
                ('values', models.JSONField(help_text='Of each dimension those that there are')),
                ('numbers', models.BinaryField(help_text='A column for each field, deflated')),
                ('workspace', models.ForeignKey(on_delete=models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'day'), name='one_pack_per_day')],
            },
        ),
        migrations.RunPython(count_anew, count_anew),
    ]
