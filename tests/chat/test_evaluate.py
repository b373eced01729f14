"""`manage.py evaluate`: a company's own questions on its own workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference.encoder import shared_encoder
from inference.engine import Engine
from supportbot.chat import assistant
from supportbot.chat.engines import Engines
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.knowledge import indexing
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Workspace

Evaluate = Callable[..., str]


@pytest.fixture
def evaluate(tmp_path: Path) -> Iterator[Evaluate]:
    """Play the text of a CSV; the command ends the process's engine, so the next test loads its own."""

    def play(text: str, *options: str, slug: str = "fennmoor") -> str:
        (tmp_path / "own.csv").write_text(text)
        out = StringIO()
        call_command("evaluate", slug, str(tmp_path / "own.csv"), *options, stdout=out)
        return out.getvalue()

    yield play
    assistant.engines = Engines()


@pytest.fixture
def hours(workspace: Workspace) -> Article:
    """The help centre's one article."""
    article = Article.objects.create(
        workspace=workspace,
        slug="opening-hours",
        title="When people answer",
        category="contact",
        body="People answer {{support_hours}}. Outside opening hours write to us.",
        status="published",
    )
    indexing.index_due(shared_encoder().embed)
    return article


def test_questions_are_played_and_nothing_of_them_is_kept(hours: Article, bot: Engine, evaluate: Evaluate) -> None:
    told = evaluate(
        "question,article,facts\nwhat are your opening hours?,opening-hours,8:00\n"
        "where is order 10023?,,on its way to you\nopening hours please,,21:30\n",
        "--wrong",
    )
    assert "recall@1                            100.0%" in told
    assert "2 of 3" in told.split("right answers")[1].splitlines()[0]
    assert "0 of " in told.split("unsupported")[1].splitlines()[0]
    assert "opening hours please\n  answer: People answer from 8:00 to 20:00." in told
    assert not Conversation.objects.exists() and not Message.objects.exists() and not Contact.objects.exists()


@pytest.mark.parametrize(
    ("text", "slug", "said"),
    [
        ("frage\nwo?\n", "fennmoor", "needs a column 'question'"),
        ("question,facts\nwhere?,here\n", "nowhere", "no workspace 'nowhere'"),
        ("question,article\nwhere?,lost-page\n", "fennmoor", "has no article lost-page"),
    ],
)
def test_what_cannot_be_played_is_refused_in_words(
    workspace: Workspace, evaluate: Evaluate, text: str, slug: str, said: str
) -> None:
    with pytest.raises(CommandError) as error:
        evaluate(text, slug=slug)
    assert said in str(error.value)


def test_missing_file_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv can't be read"):
        call_command("evaluate", "fennmoor", str(tmp_path / "none.csv"))
