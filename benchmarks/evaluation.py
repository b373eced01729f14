"""Two companies' questions and scripted customers, through the whole assistant: `python -m benchmarks.evaluation`.

Fennmoor is the demo, Pedalbay a company that no training has seen. Everything is played on a scratch database with the
product's own services. With `--csv FILE --workspace SLUG` a company's own questions are played on its workspace in the
configured database instead, as `manage.py evaluate` does; nothing of that is kept. `--check` only checks the material.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.companies import SLUGS, Company, index, problems
from benchmarks.table import table
from supportbot.evaluation.material import BadMaterial

if TYPE_CHECKING:
    from supportbot.evaluation.material import Customer, Question
    from supportbot.evaluation.play import Played, Visit
    from supportbot.evaluation.score import Figure

RESULTS = "evaluation.json"
PRODUCT = "the product"
# Name of a system, and the value of the setting that makes it; the first is the product as it is configured.
SYSTEMS = {PRODUCT: None, "passages quoted": "quote", "no retrieval": "model"}
SETTING = "ANSWERS"
TOGETHER = "together"
TELL_EVERY = 10
Results = dict[str, dict[str, dict[str, "Figure"]]]


def measure(share: float = 1.0) -> Results:
    """By company and system; `share` takes an even part of the material. Once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"SUPPORTBOT_VAR": folder, "DJANGO_SETTINGS_MODULE": "supportbot.settings"}
        import django  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        from supportbot.chat import assistant  # noqa: PLC0415

        companies = [Company(slug) for slug in SLUGS]
        for company in companies:
            company.load()
        index()
        try:
            return _measure(companies, share)
        finally:
            assistant.stop()


def _measure(companies: Sequence[Company], share: float) -> Results:
    from supportbot.evaluation.score import figures  # noqa: PLC0415  (Django is set up only in measure)

    found: Results = {name: {} for name in (*(company.slug for company in companies), TOGETHER)}
    tell = _teller(len(SYSTEMS) * sum(map(len, (rows for company in companies for rows in _part(company, share)))))
    for system, mode in SYSTEMS.items():
        with _answering(mode) as is_there:
            if not is_there:
                continue
            rows = [_play(company, share, tell) for company in companies]
        for company, (played, visits) in zip(companies, rows, strict=True):
            found[company.slug][system] = figures(played, visits)
        everything = [row for part, _ in rows for row in part], [row for _, part in rows for row in part]
        found[TOGETHER][system] = figures(*everything)
        _note(system, *everything)
    return found


def _play(company: Company, share: float, tell: Callable[[], None]) -> tuple[list[Played], list[Visit]]:
    from supportbot.evaluation.play import Stage  # noqa: PLC0415
    from supportbot.workspaces.models import Workspace  # noqa: PLC0415

    stage, (questions, customers) = Stage(Workspace.objects.get(slug=company.slug)), _part(company, share)
    played, visits = [], []
    for question in questions:
        played.append(stage.ask(question))
        tell()
    for customer in customers:
        visits.append(stage.receive(customer))
        tell()
    return played, visits


def _part(company: Company, share: float) -> tuple[list[Question], list[Customer]]:
    step = max(1, round(1 / share))
    return company.questions[::step], company.customers[::step]


def _teller(count: int) -> Callable[[], None]:
    """Says now and then how far it is, for whoever waits."""
    done = itertools.count(1)

    def tell() -> None:
        if (number := next(done)) % TELL_EVERY == 0 or number == count:
            print(f"played: {number} of {count}", flush=True)

    return tell


@contextmanager
def _answering(mode: str | None) -> Iterator[bool]:
    """The setting at a value; False where the product has no such setting yet."""
    from django.conf import settings  # noqa: PLC0415

    before = getattr(settings, SETTING, None)
    if mode is None or before is None:
        yield mode is None
        return
    setattr(settings, SETTING, mode)
    try:
        yield True
    finally:
        setattr(settings, SETTING, before)


_log: list[dict[str, Any]] = []


def _note(system: str, played: Sequence[Played], visits: Sequence[Visit]) -> None:
    """Keep what was said, for `--log`."""
    for row in played:
        _log.append({"system": system, "id": row.question.id, "found": row.found, **vars(row.reply)})
    for visit in visits:
        replies = [vars(reply) for reply in visit.replies]
        _log.append({"system": system, "id": visit.customer.id, "replies": replies, "done": visit.done})


def tables(found: Results) -> str:
    """A table for each company and one for both."""
    from supportbot.evaluation.score import LABELS  # noqa: PLC0415

    parts = []
    for company, systems in found.items():
        rows = [[label, *(figures[name].text for figures in systems.values())] for name, label in LABELS.items()]
        parts.append(table(company.capitalize(), ["figure, with its 95 % interval", *systems], rows))
    return "\n".join(parts)


def store(found: Results, about: Mapping[str, str], path: Path) -> None:
    """Write the figures, as a whole."""
    from supportbot.evaluation.score import LABELS, as_json  # noqa: PLC0415

    companies = {name: {s: as_json(f) for s, f in systems.items()} for name, systems in found.items()}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({**about, "labels": LABELS, "companies": companies}, indent=1) + "\n", "utf-8")
    fresh.replace(path)


def _beside_the_weights() -> Path:
    from django.conf import settings  # noqa: PLC0415

    path: Path = settings.MODEL_DIR / RESULTS
    return path


def _about(description: str) -> dict[str, str]:
    from supportbot.chat.experts import installed  # noqa: PLC0415

    checkpoint = installed()
    today = datetime.now(UTC).date().isoformat()
    return {"date": today, "machine": description, "checkpoint": checkpoint.name, "version": checkpoint.version}


def _own(file: str, workspace: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    import django  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415

    django.setup()
    try:
        call_command("evaluate", workspace, file)
    except CommandError as error:
        sys.exit(str(error))


def main() -> None:
    """Check, measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only check the material")
    parser.add_argument("--csv", metavar="FILE", help="a company's own questions")
    parser.add_argument("--workspace", metavar="SLUG", help="the workspace that they are played on")
    parser.add_argument(
        "--share", type=float, default=1.0, help="play an even part of the material; without --out nothing is stored"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the figures go; else beside the weights")
    parser.add_argument("--log", metavar="FILE", help="write every reply there, as JSON lines")
    given = parser.parse_args()
    if bool(given.csv) != bool(given.workspace):
        parser.error("--csv and --workspace go together")
    if not 0 < given.share <= 1:
        parser.error("--share is above 0 and at most 1")
    if given.csv:
        _own(given.csv, given.workspace)
        return
    try:
        wrong = problems()
    except BadMaterial as error:
        sys.exit(str(error))
    if wrong or given.check:
        sys.exit("\n".join(wrong) or None)
    description = machine.describe()
    found = measure(given.share)
    about = _about(description)
    print(f"{about['date']}, checkpoint {about['checkpoint']} {about['version']}; {description}\n\n{tables(found)}")
    if given.log:
        Path(given.log).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _log), "utf-8")
    if given.out or given.share == 1.0:
        path = given.out or _beside_the_weights()
        store(found, about, path)
        print(f"Stored in {path}")


if __name__ == "__main__":
    main()
