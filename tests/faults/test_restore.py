"""The backup that docs/operations.md describes, taken from the running product, brings everything back."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import psycopg

from tests.customer import Customer
from tests.stack import ROOT, ServicesStack

DOCS = (ROOT / "docs/operations.md").read_text()


def documented(program: str) -> list[str]:
    """The arguments that the documentation gives to one of PostgreSQL's programs."""
    found = re.search(rf"exec -T postgres {program} (.*?) [<>] ", DOCS)
    assert found, program
    return shlex.split(found[1])


def fingerprints(url: str) -> dict[str, tuple[int, str]]:
    """Number of rows and a hash of all their content, for each table that the work in the background leaves alone."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename ~ '^(chat_(message|generation|attachment)|workspaces_|knowledge_|actions_|django_m)'"
        ).fetchall()
        query = "SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {} t"
        return {name: connection.execute(query.format(name)).fetchone() or (0, "") for (name,) in names}


def test_a_dump_of_the_running_product_is_restored_whole(services_stack: ServicesStack) -> None:
    stack, server = services_stack, services_stack.postgres
    stack.revive()
    with Customer(stack.url) as customer:
        customer.write("where is order 10024?")
        customer.until(lambda: customer.complete == 2, what="the answer")
    before = fingerprints(server.url)
    assert before["chat_message"][0] >= 2 and before["chat_generation"][0] >= 1
    place = ["-h", "127.0.0.1", "-p", str(server.port)]
    server.run("pg_dump", *place, *documented("pg_dump"), "--file", "supportbot.dump")
    server.run("createdb", *place, "--username", "supportbot", "restored")
    arguments = ["restored" if word == "supportbot" else word for word in documented("pg_restore")]
    arguments[arguments.index("--username") + 1] = "supportbot"
    server.run("pg_restore", *place, *arguments, "supportbot.dump")
    restored = f"{server.url.removesuffix('supportbot')}restored"
    assert fingerprints(restored) == before
    found = {**stack.environment, "DATABASE_URL": restored}
    done = subprocess.run([sys.executable, "manage.py", "migrate", "--check"], cwd=ROOT, env=found, check=False)
    assert done.returncode == 0, "the product finds its schema there"
