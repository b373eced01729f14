"""What nobody should send, at a running product, for as long as one has time: no 5xx, nothing undocumented, no hang.

`python -m benchmarks.fuzz --examples 200 --frames 5000` asks each route of the API about that often in each of
schemathesis' phases, and sends that many bad frames to each websocket.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import subprocess
import sys
from pathlib import Path

from benchmarks import fuzz_sockets
from tests.stack import EmbeddedStack

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
MAKE_KEY = """
from supportbot.api.models import ApiKey, Scope
from supportbot.workspaces.models import Workspace
shop = Workspace.objects.get(slug='fennmoor')
member = shop.members.get(user__email='maya@fennmoor.example')
scopes = [scope.value for scope in Scope]
ApiKey.objects.create(
    workspace=shop, member=member, name='Fuzz', scopes=scopes, per_minute=100_000, token_hash='{digest}'
)
"""


def main() -> None:
    """Start the product, make a key, ask; the exit status says whether all went well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="of each route in each phase; 0 asks none")
    parser.add_argument("--frames", type=int, default=5000, help="bad frames for each websocket")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    stack, key = EmbeddedStack({}), f"sk_{secrets.token_urlsafe(32)}"
    try:
        stack.start()
        stack.manage("shell", "-c", MAKE_KEY.format(digest=hashlib.sha256(key.encode()).hexdigest()))
        print(fuzz_sockets.run(stack, wanted.frames, wanted.seed), flush=True)
        sys.exit(_run(stack, key, wanted.examples, wanted.seed) if wanted.examples else 0)
    except Exception:
        print(stack.logs(), flush=True)
        raise
    finally:
        stack.stop()


def _run(stack: EmbeddedStack, key: str, examples: int, seed: int) -> int:
    """`st run`, without the route that waits for the model; its own files go with the product's."""
    command = [str(Path(sys.executable).parent / "st"), "run", f"{stack.url}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--checks", CHECKS]
    command += ["--exclude-path-regex", "chat/completions", "--max-examples", str(examples), "--seed", str(seed)]
    return subprocess.run([*command, "--continue-on-failure", "--no-color"], check=False, cwd=stack.folder).returncode


if __name__ == "__main__":
    main()
