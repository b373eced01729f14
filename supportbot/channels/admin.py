"""Mailboxes in the admin, what came into them, and what went out."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action as button
from unfold.decorators import display

from supportbot.channels import outbox, receiving, servers
from supportbot.channels.connections import ConnectionAdmin, secret_field
from supportbot.channels.messengers import admin as messengers
from supportbot.channels.models import Mailbox, OutgoingMail, ReceivedMail
from supportbot.chat.refusals import Refused
from supportbot.workspaces.administration import OF_WORKSPACE, HistoryAdmin, SettledForm
from supportbot.workspaces.models import AuditEntry

__all__ = ["messengers"]

AGAIN_AT_ONCE = 20  # mails that one click takes in
OF_MAILBOX = ("mailbox", admin.RelatedOnlyFieldListFilter)
RECEIVED_LABELS = {
    ReceivedMail.State.MESSAGE: "success",
    ReceivedMail.State.AUTOMATIC: "info",
    ReceivedMail.State.BOUNCE: "warning",
    ReceivedMail.State.ASIDE: "danger",
}
SENT_LABELS = {
    OutgoingMail.State.WAITING: "info",
    OutgoingMail.State.SENDING: "info",
    OutgoingMail.State.SENT: "success",
    OutgoingMail.State.FAILED: "danger",
    OutgoingMail.State.BOUNCED: "danger",
}


@admin.display(description="Message-ID")
def shown_id(mail: ReceivedMail | OutgoingMail) -> SafeString:
    """It is long, and a phone is narrow: it may break."""
    parts = (mail.rfc_id[start : start + 24] for start in range(0, len(mail.rfc_id), 24))
    return format_html_join("", "{}<wbr>", ((part,) for part in parts))


def _password(kind: str) -> forms.CharField:
    kept = "Stored sealed. Empty keeps the one that is stored, unless the host or the user has changed"
    return secret_field(f"{kind} password", kept)


def _server(kind: str) -> tuple[tuple[str, str], ...]:
    """Two fields to a row, for hosts and users are long."""
    return (f"{kind}_host", f"{kind}_port"), (f"{kind}_user", f"{kind}_password")


class MailboxForm(SettledForm):
    """Refuses servers that may not be asked. A password is never shown again, and goes with its host and user."""

    imap_password = _password("IMAP")
    smtp_password = _password("SMTP")

    class Meta:
        model = Mailbox
        fields = ("workspace", "address", "sender", "team", "enabled", "folder") + tuple(
            f"{kind}_{part}" for kind in ("imap", "smtp") for part in ("host", "port", "security", "user")
        )

    def clean_address(self) -> str:
        """In one spelling."""
        address: str = self.cleaned_data["address"]
        return address.lower()

    def clean(self) -> dict[str, Any]:
        """Both servers may be asked, and both passwords are there."""
        given = super().clean() or {}
        for kind in ("imap", "smtp"):
            self._demand_server(given, kind)
            if given.get(f"{kind}_user") and not given.get(f"{kind}_password") and self._is_password_gone(kind):
                self.add_error(f"{kind}_password", "Write the password for this host and user.")
        return given

    def save(self, commit: bool = True) -> Any:
        """Seal new passwords; forget one that was given for another host or user."""
        for kind in ("imap", "smtp"):
            password = self.cleaned_data[f"{kind}_password"]
            if password or self._is_password_gone(kind):
                setattr(self.instance, f"{kind}_password", password)
        return super().save(commit)

    def _is_password_gone(self, kind: str) -> bool:
        is_elsewhere = {f"{kind}_host", f"{kind}_user"} & set(self.changed_data)
        return bool(is_elsewhere) or not getattr(self.instance, f"sealed_{kind}_password")

    def _demand_server(self, given: dict[str, Any], kind: str) -> None:
        host, port, security = (given.get(f"{kind}_{part}") for part in ("host", "port", "security"))
        if not (host and port and security):
            return
        try:
            servers.demand_host(host, port, security)
        except ValueError as error:
            self.add_error(f"{kind}_host", str(error))


@admin.register(Mailbox)
class MailboxesAdmin(ConnectionAdmin):
    """The addresses to which customers write."""

    proof = "read_at"
    form = MailboxForm
    list_display = ("address", "sender", "team", "shown_state", "read_at", "workspace")
    list_filter = (OF_WORKSPACE, "enabled")
    search_fields = ("address", "sender")
    readonly_fields = ("standing", "read_at")
    actions_submit_line = ("try_it",)
    fieldsets = (
        (None, {"fields": ("workspace", ("address", "sender"), ("team", "enabled"), ("standing", "read_at"))}),
        ("Mails come by IMAP", {"fields": (*_server("imap"), ("imap_security", "folder"))}),
        ("Answers go by SMTP", {"fields": (*_server("smtp"), "smtp_security")}),
    )

    @button(description="Save and try it")  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest, obj: Mailbox) -> None:
        """Sign in at both servers; no transaction waits for them."""
        transaction.on_commit(lambda: self._try(request, obj))

    def _try(self, request: HttpRequest, mailbox: Mailbox) -> None:
        try:
            with servers.imap(mailbox), servers.smtp(mailbox):
                pass
        except servers.Unreachable as error:
            mailbox.note_problem(str(error))
            self.message_user(request, f"It does not work. {error}", messages.ERROR)
        else:
            mailbox.note_problem("")
            self.message_user(request, "Both servers let us in: mails are read and sent.", messages.SUCCESS)


@admin.register(ReceivedMail)
class ReceivedMailsAdmin(HistoryAdmin):
    """What came, and what became of it; what was kept aside may be taken in again once nothing is in the way."""

    actions: ClassVar[Any] = ("take_in_again",)
    list_display = ("created_at", "sender", "subject", "shown_state", "reason", "mailbox")
    list_display_links = ("created_at", "subject")
    list_filter = ("state", OF_MAILBOX)
    search_fields = ("sender", "subject", "rfc_id")
    date_hierarchy = "created_at"
    fields = (("sender", "subject"), ("state", "reason"), ("mailbox", "conversation"), (shown_id, "created_at"))
    readonly_fields = (shown_id,)

    @display(description="became", ordering="state", label=RECEIVED_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, mail: ReceivedMail) -> tuple[str, str]:
        """The state as a chip."""
        return mail.state, mail.get_state_display()

    @admin.action(description="Take in again")
    def take_in_again(self, request: HttpRequest, mails: QuerySet[ReceivedMail]) -> None:
        """Have those that were kept aside looked at once more, as they lie in their mailboxes."""
        aside = mails.filter(state=ReceivedMail.State.ASIDE).select_related("mailbox__workspace").order_by("pk")
        if not aside:
            self.message_user(request, "Choose mails that were kept aside.", messages.WARNING)
        for kept in aside[:AGAIN_AT_ONCE]:
            workspace, name = kept.mailbox.workspace, str(kept)
            try:
                now = receiving.take_in_again(kept)
            except (Refused, servers.Unreachable) as error:
                self.message_user(request, f"{name}: {error}", messages.ERROR)
                continue
            told = {"workspace": workspace, "actor": request.user, "action": "mail.taken_in_again"}
            AuditEntry.objects.create(**told, target=str(now.pk), details={"became": now.state})
            why = f": {now.reason}" if now.reason else ""
            level = messages.WARNING if now.state == ReceivedMail.State.ASIDE else messages.SUCCESS
            self.message_user(request, f"{name}: {now.get_state_display()}{why}", level)


@admin.register(OutgoingMail)
class OutgoingMailsAdmin(HistoryAdmin):
    """What was sent, and what was not."""

    list_display = ("created_at", "to", "shown_state", "attempts", "problem")
    list_display_links = ("created_at", "to")
    list_filter = ("state",)
    search_fields = ("rfc_id", "message__conversation__contact__email")
    list_select_related: ClassVar[bool | list[str]] = ["message__conversation__contact"]
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("send_again",)
    fields = (("to", "conversation"), ("state", "attempts", "problem"), (shown_id, "created_at", "due_at"))
    readonly_fields = ("to", "conversation", shown_id)

    @admin.display(description="to")
    def to(self, mail: OutgoingMail) -> str:
        """The customer's address."""
        return mail.message.conversation.contact.email

    @admin.display(description="conversation")
    def conversation(self, mail: OutgoingMail) -> str:
        """In which the message stands."""
        return str(mail.message.conversation)

    @display(description="state", ordering="state", label=SENT_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, mail: OutgoingMail) -> tuple[str, str]:
        """The state as a chip."""
        return mail.state, mail.get_state_display()

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        """What could not be sent, under the same Message-ID."""
        failed = [mail for mail in mails.select_related("message") if mail.state == OutgoingMail.State.FAILED]
        for mail in failed:
            outbox.send_again(mail)
        self.message_user(request, f"{len(failed)} on their way again.")
