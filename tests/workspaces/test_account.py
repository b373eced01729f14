"""One's own password and sessions, and how guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from supportbot.workspaces import account, logins
from supportbot.workspaces.models import AuditEntry, User
from tests.api.conftest import a_shop

pytestmark = pytest.mark.django_db
OLD, NEW = "maya-loves-green-tea", "quiet-harbour-lantern-47"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def maya() -> User:
    """An agent who has a password."""
    cache.clear()
    a_shop("fennmoor")
    user = User.objects.get(email="maya@fennmoor.example")
    user.set_password(OLD)
    user.save()
    return user


def signs_in(user: User, password: str = OLD, agent: str = FIREFOX) -> Client:
    """A browser in which somebody signs in by the form."""
    client = Client(headers={"user-agent": agent})
    client.post("/login/", {"login": user.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    """Whether the inbox opens."""
    return bool(client.get("/inbox/").status_code == 200)


def change(client: Client, old: str = OLD, new: str = NEW) -> str:
    """Change the password; what the page says."""
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return str(client.post("/account/", form, follow=True).content.decode())


def test_sessions_are_listed_and_one_is_ended(maya: User) -> None:
    here, there = signs_in(maya), signs_in(maya, agent="Mozilla/5.0 (iPhone) Version/19.0 Safari/605.1")
    page = here.get("/account/").content.decode()
    assert "Firefox on Linux" in page and "Safari on iPhone" in page and page.count("this browser") == 1
    other = logins.living(maya).get(browser__contains="iPhone")
    assert is_in(there)
    here.post("/account/", {"end": other.pk})
    assert is_in(here) and not is_in(there)
    assert AuditEntry.objects.get(action="user.sessions_ended").details == {"sessions": 1}


def test_nobody_ends_the_session_of_somebody_else(maya: User) -> None:
    there = signs_in(maya)
    is_in(there)
    ada = Client()
    ada.force_login(User.objects.get(email="ada@fennmoor.example"))
    for wanted in ({"end": logins.living(maya).get().pk}, {"end": "x"}, {"others": "1"}):
        assert ada.post("/account/", wanted).status_code == 302
    assert is_in(there) and maya.email not in ada.get("/account/").content.decode()


def test_whoever_runs_the_installation_signs_somebody_out(maya: User) -> None:
    there, root = signs_in(maya), Client()
    assert is_in(there)
    chosen = {"action": "sign_out", "_selected_action": maya.pk}
    ada = User.objects.get(email="ada@fennmoor.example")
    root.force_login(ada)
    root.post("/admin/workspaces/user/", chosen)
    assert is_in(there), "an administrator of one workspace may not"
    root.force_login(User.objects.create_superuser("root@supportbot.example"))
    assert "1 sessions ended" in root.post("/admin/workspaces/user/", chosen, follow=True).content.decode()
    assert not is_in(there)


def test_a_new_password_ends_every_other_session(maya: User) -> None:
    here, there = signs_in(maya), signs_in(maya)
    assert is_in(here) and is_in(there)
    assert "Your password is changed" in change(here)
    assert is_in(here) and not is_in(there)
    assert is_in(signs_in(maya, NEW)) and not is_in(signs_in(maya, OLD))
    assert AuditEntry.objects.filter(action="user.password_changed", actor=maya).exists()


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("short-one", "at least 12"),
        ("maya@fennmoor", "too similar"),
        ("password1234", "too common"),
        ("fennmoor2030!", "obvious here"),
    ],
)
def test_a_poor_password_is_refused_in_words(maya: User, new: str, words: str) -> None:
    assert words in change(signs_in(maya), new=new)
    assert is_in(signs_in(maya))


def test_whoever_finds_an_open_browser_can_t_guess_the_password(maya: User) -> None:
    here = signs_in(maya)
    for _ in range(account.MOST):
        assert "incorrectly" in change(here, old="guessed")
    assert "many tries" in change(here)
    assert is_in(signs_in(maya))


def test_a_session_gets_a_new_key_at_sign_in_and_ends_after_a_month(maya: User) -> None:
    client = Client()
    client.get("/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    client.post("/login/", {"login": maya.email, "password": OLD})
    assert client.session.session_key != planted
    kept = client.session
    kept[logins.BEGAN] = (timezone.now() - logins.LONGEST - timedelta(hours=1)).timestamp()
    kept[logins.NOTED] = ("", 0)
    kept.save()
    is_in(client)
    assert not is_in(client)


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_guessing_at_a_login_is_stopped_for_agents_and_administrators(maya: User, door: str) -> None:
    client = Client()
    where = client.get(door, follow=True).request["PATH_INFO"]
    tries = [client.post(where, {"login": " Maya@Fennmoor.example", "password": "guessed"}) for _ in range(10)]
    assert tries[0].status_code == 200 and tries[-1].status_code == 429
    assert not is_in(signs_in(maya))


def test_one_address_that_tries_many_logins_is_stopped(maya: User) -> None:
    client = Client()
    for number in range(account.FROM_ONE_ADDRESS):
        assert client.post("/login/", {"login": f"a{number}@b.example", "password": "guess"}).status_code == 200
    assert client.post("/login/", {"login": "a@b.example", "password": "guess"}).status_code == 429
    other = Client(REMOTE_ADDR="198.51.100.7")
    assert other.post("/login/", {"login": maya.email, "password": OLD}).status_code == 302


def test_cookies_are_kept_from_scripts_and_from_other_sites(maya: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    cookie = signs_in(maya).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax" and not cookie["domain"]
    assert Session.objects.get().expire_date < timezone.now() + timedelta(days=8)
