
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0007_choices_and_language'),
        ('workspaces', '0003_quote_from'),
    ]

    operations = [
        migrations.CreateModel(
            name='Translator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(default='en', help_text='What the inbox is read in', max_length=2, verbose_name="agents' language")),
                ('kind', models.CharField(choices=[('server', "A server that speaks OpenAI's chat protocol"), ('folder', 'Marian models of this installation')], default='server', max_length=10, verbose_name='translates with')),
                ('address', models.CharField(blank=True, help_text='Of the server, as https://host/v1', max_length=300)),
                ('model', models.CharField(blank=True, help_text="The model's name on that server", max_length=100)),
                ('sealed_key', models.TextField(blank=True, editable=False)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='translator', to='workspaces.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Translation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reader', models.CharField(choices=[('customer', 'Customer'), ('agents', 'Agents')], help_text='For whom it is', max_length=10)),
                ('source', models.CharField(max_length=10)),
                ('target', models.CharField(max_length=10)),
                ('text', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('waiting', 'being translated'), ('late', 'not translated yet; it is tried again'), ('done', 'translated'), ('failed', 'could not be translated')], default='waiting', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(blank=True, help_text='When the next attempt may begin; empty is over', null=True)),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='translation', to='chat.message')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='due_translations')],
            },
        ),
    ]
