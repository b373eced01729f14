"""The bot answers a mail as it answers in the chat: by the same task, with its sources as links."""

from __future__ import annotations

from pathlib import Path

from pytest_django import Settings

from inference.engine import Engine
from supportbot.chat import tasks
from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.models import Workspace
from tests.channels.conftest import Post, a_mailbox, imap, mail, smtp, smtp_server  # noqa: F401  (fixtures)
from tests.chat.conftest import Publish
from tests.mail_servers import ImapServer, SmtpServer


def test_a_mail_is_answered_by_a_mail(
    bot: Engine,
    workspace: Workspace,
    knowledge: Publish,
    imap: ImapServer,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.OUTGOING_NETWORKS, settings.MEDIA_ROOT = ["127.0.0.0/8"], tmp_path
    settings.SITE_ADDRESS = "https://support.example"
    knowledge("Opening hours", "People answer from 8:00 to 20:00, also on Saturdays.")
    post = Post(a_mailbox(workspace, imap, smtp), imap, smtp)
    asked = mail("Where is my order 10023?", "Order 10023")
    post.deliver(asked)
    talk = Conversation.objects.get()
    tasks.write_reply(str(talk.messages.get().id))
    reply = talk.messages.get(author=Message.Author.BOT)
    (told,) = post.send(talk)
    assert told["In-Reply-To"] == asked["Message-ID"] and told["Auto-Submitted"] == "auto-replied"
    text = told.get_content().replace("\r\n", "\n")
    assert text.startswith(reply.body) and "10023" in reply.body
    assert all(f"{source['title']}: https://support.example/" in text for source in reply.sources)
    assert talk.messages.first().outcome == Message.Outcome.ANSWERED  # type: ignore[union-attr]
    post.deliver(mail("When do people answer, also on Saturdays?", "Re: Order 10023", In_Reply_To=told["Message-ID"]))
    tasks.write_reply(str(talk.messages.last().id))  # type: ignore[union-attr]
    assert post.send(talk)[1]["References"].split() == [
        asked["Message-ID"],
        told["Message-ID"],
        post.smtp.taken[1]["In-Reply-To"],
    ]
