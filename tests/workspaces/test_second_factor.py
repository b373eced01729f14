"""A forgotten password, another address, a second factor: what allauth does for us, through our pages."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from supportbot.workspaces.models import AuditEntry, User
from supportbot.workspaces.sealing import reseal_all, unseal
from tests.servers import free_port
from tests.workspaces.test_account import NEW, OLD, is_in, maya, signs_in

__all__ = ["maya"]
pytestmark = pytest.mark.django_db


def link() -> str:
    """The path of the link in the last e-mail."""
    found = re.search(r"http://\S+", str(mail.outbox[-1].body))
    assert found
    return urlsplit(found[0]).path


def code(secret: str) -> str:
    """What an app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def set_up(client: Client) -> tuple[str, list[str]]:
    """Turn the app on; its secret, and the recovery codes."""
    page = client.get("/account/second-factor/totp/activate/", follow=True)
    if page.redirect_chain:
        page = client.post(page.redirect_chain[-1][0], {"password": OLD}, follow=True)
    secret = page.context["form"].secret
    assert b"<style" not in page.content
    shown = client.post("/account/second-factor/totp/activate/", {"code": code(secret)}, follow=True)
    return secret, shown.context["unused_codes"]


def test_a_forgotten_password_is_made_anew_by_e_mail(maya: User) -> None:
    there, here = signs_in(maya), Client()
    assert is_in(there)
    here.post("/login/forgotten/", {"email": "nobody@nowhere.example"})
    assert not mail.outbox, "strangers get no mail, and nobody learns who works here"
    here.post("/login/forgotten/", {"email": "Maya@Fennmoor.example"})
    assert mail.outbox[-1].to == [maya.email]
    opened = link()
    form = here.get(opened, follow=True)
    where = form.redirect_chain[-1][0]
    poor = here.post(where, {"password1": "fennmoor2030!", "password2": "fennmoor2030!"})
    assert "obvious here" in poor.content.decode()
    assert b"new password holds" in here.post(where, {"password1": NEW, "password2": NEW}, follow=True).content
    assert not is_in(there) and is_in(signs_in(maya, NEW)) and not is_in(signs_in(maya, OLD))
    assert AuditEntry.objects.filter(action="user.password_reset", actor=maya).exists()
    assert "holds no longer" in Client().get(opened, follow=True).content.decode(), "it opens once"


def test_another_address_holds_once_its_link_was_opened(maya: User) -> None:
    client = signs_in(maya)
    client.post("/account/address/", {"email": "ada@fennmoor.example", "action_add": "1"}, follow=True)
    page = client.post("/account/address/", {"email": "maya@new.example", "action_add": "1"}, follow=True)
    assert "is not confirmed yet" in page.content.decode()
    assert mail.outbox[-1].to == ["maya@new.example"]
    assert is_in(signs_in(maya))
    assert "signs in with" in client.get(link()).content.decode()
    client.post(link())
    maya.refresh_from_db()
    assert maya.email == "maya@new.example" and is_in(signs_in(maya))
    assert AuditEntry.objects.filter(action="user.address_changed", actor=maya).exists()


def test_an_app_is_asked_for_after_the_password(maya: User) -> None:
    secret, codes = set_up(signs_in(maya))
    factor = Authenticator.objects.get(user=maya, type="totp")
    assert secret not in str(factor.data) and unseal(factor.data["secret"]) == secret
    cache.clear()  # the app's code was used
    client = signs_in(maya)
    assert not is_in(client)
    wrong = client.post("/account/second-factor/authenticate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()
    client.post("/account/second-factor/authenticate/", {"code": code(secret)})
    assert is_in(client)
    for used_before in (False, True):
        client = signs_in(maya)
        client.post("/account/second-factor/authenticate/", {"code": codes[0]})
        assert is_in(client) is not used_before, "a recovery code opens once"


@pytest.mark.django_db(transaction=True)  # such mails go out on commit
def test_a_mail_server_that_fails_leaves_what_was_done(maya: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", free_port()
    _, codes = set_up(signs_in(maya))
    assert codes and Authenticator.objects.filter(user=maya, type="totp").exists()


def test_second_factors_are_sealed_anew_and_taken_from_who_has_lost_theirs(maya: User) -> None:
    set_up(signs_in(maya))
    before = Authenticator.objects.get(user=maya, type="totp").data["secret"]
    done, lost = reseal_all()
    assert done >= 2 and not lost
    anew = Authenticator.objects.get(user=maya, type="totp").data["secret"]
    assert anew != before and unseal(anew) == unseal(before)
    root = Client()
    root.force_login(User.objects.create_superuser("root@supportbot.example"))
    root.post("/admin/workspaces/user/", {"action": "take_second_factor", "_selected_action": maya.pk})
    assert is_in(signs_in(maya)) and AuditEntry.objects.filter(action="user.second_factor_taken").exists()


@pytest.mark.django_db(transaction=True)  # it is told when the change is committed, within the request
def test_what_people_change_about_their_second_factor_is_told_without_secrets(maya: User) -> None:
    client = signs_in(maya)
    secret, _ = set_up(client)
    client.post("/account/second-factor/recovery-codes/generate/", {})
    client.post("/account/second-factor/totp/deactivate/", {})
    told = AuditEntry.objects.filter(actor=maya, action__startswith="user.second_factor").order_by("pk")
    done = {(entry.action.rpartition("_")[2], entry.details["kind"]) for entry in told}
    assert {("added", "totp"), ("renewed", "recovery_codes"), ("removed", "totp")} <= done
    assert secret not in str([entry.details for entry in told])


def test_signing_in_and_a_forgotten_password_go_on_while_redis_is_away(maya: User, settings: Settings) -> None:
    """Nobody listens there; what is counted meanwhile is counted in the process, so a code still opens once."""
    secret, _ = set_up(signs_in(maya))
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    shown = code(secret)
    for used_before in (False, True):
        client = signs_in(maya)
        answer = client.post("/account/second-factor/authenticate/", {"code": shown})
        assert answer.status_code in (200, 302) and is_in(client) is not used_before
    assert Client().post("/login/forgotten/", {"email": maya.email}).status_code == 302
    assert mail.outbox[-1].to == [maya.email]
    here = Client().get(link(), follow=True)
    assert here.status_code == 200
