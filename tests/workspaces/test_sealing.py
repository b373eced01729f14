"""A new SECRET_KEY: what was sealed under the former one is opened, sealed anew, and outlives it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from supportbot.workspaces.models import Workspace
from supportbot.workspaces.sealing import Unsealable, seal

FORMER, NEW = "a-former-key-" + "x" * 40, "a-new-key-" + "y" * 40


def test_secrets_outlive_the_key_that_they_were_sealed_under(db: None, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = FORMER, []
    shop = Workspace.objects.create(name="Keys", slug="keys", sealed_identity_secret=seal("whsec_abc"))
    Workspace.objects.create(name="None", slug="none")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [FORMER]
    call_command("reseal", stdout=(output := StringIO()))
    assert output.getvalue().startswith("1 secrets")
    settings.SECRET_KEY_FALLBACKS = []
    shop.refresh_from_db()
    assert shop.identity_secret == "whsec_abc"


def test_a_secret_that_no_key_opens_is_named_and_left(db: None, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = FORMER, []
    shop = Workspace.objects.create(name="Keys", slug="keys", sealed_identity_secret=seal("whsec_abc"))
    settings.SECRET_KEY = NEW
    with pytest.raises(CommandError, match=f"workspaces.Workspace {shop.pk}"):
        call_command("reseal", stdout=StringIO())
    with pytest.raises(Unsealable):
        shop.identity_secret  # noqa: B018
    settings.SECRET_KEY = FORMER
    assert shop.identity_secret == "whsec_abc"
