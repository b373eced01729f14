"""How good article drafts and rewrites are: `python -m benchmarks.drafts`. Sets Django up; `drafted` measures."""

from __future__ import annotations

import os
import tempfile


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="supportbot-drafts-") as folder:
        os.environ |= {"SUPPORTBOT_ENV": "embedded", "SUPPORTBOT_VAR": folder}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
        import django  # noqa: PLC0415  (only this process is set up)

        django.setup()
        from benchmarks import drafted  # noqa: PLC0415

        print(drafted.report())


if __name__ == "__main__":
    main()
