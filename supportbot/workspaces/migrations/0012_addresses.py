"""The addresses with which people sign in become rows of allauth, confirmed: an administrator gave them."""

from django.db import migrations


def vouch(apps, schema_editor):
    address = apps.get_model("account", "EmailAddress")
    users = apps.get_model("workspaces", "User").objects.values_list("pk", "email")
    address.objects.bulk_create(
        [address(user_id=pk, email=email, primary=True, verified=True) for pk, email in users.iterator()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("workspaces", "0011_logins"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(vouch, migrations.RunPython.noop)]
