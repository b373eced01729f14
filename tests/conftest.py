"""Fixtures that every folder uses."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from channels.layers import channel_layers
from django.db import connection
from django.test import TransactionTestCase
from playwright.sync_api import Browser
from pytest_django import Settings

from tests import database, prepared, session
from tests.chromium import chromium
from tests.messenger_server import MessengerServer
from tests.servers import Redis
from tests.stack import EmbeddedStack, ServicesStack, Stack, running
from tests.trace_collector import TraceCollector

FAST_RECOVERY = {"SUPPORTBOT_REPLY_DEADLINE": "10"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that tries on the services what is tried on the embedded run else."""
    parser.addoption("--services", action="store_true", help="run the browser tests on the services")


@pytest.fixture(autouse=True)
def fresh_channel_layer() -> None:
    """A channel layer's locks belong to the event loop of the test that first waits for them."""
    channel_layers.backends.clear()


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """A hash of each password takes a quarter of a second by design; hundreds of them prove nothing more."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Hundreds of tests commit, and after each all is deleted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", database.empty)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database goes with its server."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """It is a copy of one that was migrated once for all workers."""
    prepared.postgres()
    connection.settings_dict["TEST"] |= {"TEMPLATE": connection.settings_dict["NAME"], "MIGRATE": False}


@pytest.fixture(scope="session")
def redis_server() -> Redis:
    """The session's Redis."""
    return session.REDIS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It occupies the thread while it runs, so it ends with the module, not the session."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def messenger_server() -> Iterator[MessengerServer]:
    """What stands for Telegram, WhatsApp and Slack."""
    with MessengerServer() as server:
        yield server


@pytest.fixture(scope="session")
def embedded_stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The product in one process, with the demo shop; with `--services`, as services, where the test can do with it."""
    if request.config.getoption("--services"):
        yield request.getfixturevalue("services_stack")
    else:
        messengers: MessengerServer = request.getfixturevalue("messenger_server")
        with running(EmbeddedStack(messengers.settings, prepared.embedded())) as stack:
            yield stack


@pytest.fixture(scope="session")
def traces() -> Iterator[TraceCollector]:
    """What the services' traces are sent to."""
    with TraceCollector() as collector:
        yield collector


@pytest.fixture(scope="session")
def services_stack(traces: TraceCollector, messenger_server: MessengerServer) -> Iterator[ServicesStack]:
    """The product as the services of docker-compose.yml; a dead worker's claim expires soon."""
    settings = FAST_RECOVERY | traces.settings | messenger_server.settings
    with running(ServicesStack(settings, prepared.postgres())) as stack:
        yield stack


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of a stack beside the failure of a test that uses it."""
    report = yield
    used = getattr(item, "funcargs", {}).values()
    if report.failed:
        report.sections += [("logs", value.logs()) for value in used if isinstance(value, Stack)]
    return report
