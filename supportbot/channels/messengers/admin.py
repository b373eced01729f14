"""Messengers in the admin: connected, tried and disconnected here; what came, and what went out."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar
from urllib.parse import urljoin

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from supportbot.channels.connections import ConnectionAdmin, secret_field
from supportbot.channels.messengers import outbox, receiving
from supportbot.channels.messengers.adapter import CallFailed
from supportbot.channels.messengers.models import Arrival, Messenger, Post
from supportbot.channels.messengers.registry import adapter_of
from supportbot.workspaces.administration import OF_WORKSPACE, HistoryAdmin, SettledForm
from supportbot.workspaces.sealing import Unsealable

Kind = Messenger.Kind
OF_MESSENGER = ("messenger", admin.RelatedOnlyFieldListFilter)
ARRIVAL_LABELS = {Arrival.State.WAITING: "info", Arrival.State.DONE: "success", Arrival.State.ASIDE: "danger"}
POST_LABELS = {
    Post.State.WAITING: "info",
    Post.State.SENDING: "info",
    Post.State.HELD: "warning",
    Post.State.SENT: "success",
    Post.State.DELIVERED: "success",
    Post.State.READ: "success",
    Post.State.FAILED: "danger",
}
SECRET_OF = {Kind.WHATSAPP: "Meta's app secret", Kind.SLACK: "Slack's signing secret"}


class MessengerForm(SettledForm):
    """Wants what the provider needs. Token and secret are never shown again."""

    new_token = secret_field(
        "token",
        "Telegram: the bot's, from BotFather. WhatsApp: of a system user. Slack: the bot's, which begins with xoxb-."
        " Stored sealed; empty keeps the one that is stored",
    )
    new_secret = secret_field(
        "signing secret",
        "WhatsApp: the app secret. Slack: the signing secret. Stored sealed; empty keeps the one stored",
    )

    class Meta:
        model = Messenger
        fields = ("workspace", "kind", "name", "team", "enabled", "account", "template")

    def clean(self) -> dict[str, Any]:
        """Refuse what could not work."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        kind = given.get("kind") or self.instance.kind
        if not (given.get("new_token") or self.instance.sealed_token):
            self.add_error("new_token", "Write the token.")
        if kind in SECRET_OF and not (given.get("new_secret") or self.instance.sealed_secret):
            self.add_error("new_secret", f"Write {SECRET_OF[kind]}.")
        if kind == Kind.WHATSAPP and not given.get("account", self.instance.account).strip().isdecimal():
            self.add_error("account", "Write the number's ID: digits only, not the telephone number itself.")
        return given

    def clean_template(self) -> str:
        """Its name and its language."""
        template: str = " ".join(self.cleaned_data["template"].split())
        if template and len(template.split()) != 2:
            raise ValidationError("Write the template's name and its language, as come_back en.")
        return template

    def save(self, commit: bool = True) -> Any:
        """Seal what is new; Telegram is told a secret of our own."""
        if token := self.cleaned_data["new_token"].strip():
            self.instance.token = token
        if secret := self.cleaned_data.get("new_secret", "").strip():
            self.instance.secret = secret
        elif not self.instance.sealed_secret:
            self.instance.secret = secrets.token_urlsafe(32)
        return super().save(commit)


@admin.register(Messenger)
class MessengersAdmin(ConnectionAdmin):
    """Where customers write. Whoever saves one has it tried: signed in at the provider, and the webhook set."""

    form = MessengerForm
    proof = "identity"
    list_display = ("name", "kind", "identity", "shown_state", "heard_at", "team", "workspace")
    list_filter = (OF_WORKSPACE, "kind", "enabled")
    search_fields = ("name", "identity")
    readonly_fields = ("standing", "identity", "heard_at", "webhook", "verify_token")
    conditional_fields: ClassVar[dict[str, str]] = {
        "new_secret": "kind == 'whatsapp' || kind == 'slack'",
        "account": "kind == 'whatsapp'",
        "template": "kind == 'whatsapp'",
    }

    def get_fieldsets(self, request: HttpRequest, obj: Messenger | None = None) -> Any:
        """Of one that there is, what its provider needs."""
        kind = obj.kind if obj else None
        own = [("account", "template")] if kind in (None, Kind.WHATSAPP) else []
        secret = ("new_token", "new_secret") if kind != Kind.TELEGRAM else ("new_token",)
        about = [("workspace", "kind"), ("name", "team"), secret, *own, "enabled"]
        if obj is None:
            return [(None, {"fields": about})]
        shown = ["standing", ("identity", "heard_at")]
        shown += [] if kind == Kind.TELEGRAM else ["webhook"]
        shown += ["verify_token"] if kind == Kind.WHATSAPP else []
        return [(None, {"fields": about}), ("State", {"fields": shown})]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """The provider is chosen once, as the workspace is."""
        fields: tuple[str, ...] = super().get_readonly_fields(request, obj)
        return (*fields, "kind") if obj else fields

    @admin.display(description="address for the provider")
    def webhook(self, messenger: Messenger) -> str:
        """To be entered there."""
        return urljoin(settings.SITE_ADDRESS, messenger.path)

    @admin.display(description="verify token")
    def verify_token(self, messenger: Messenger) -> str:
        """To be entered beside the address."""
        return messenger.verify_token

    def save_model(self, request: HttpRequest, obj: Messenger, form: Any, change: bool) -> None:
        """Connect or disconnect; no transaction waits for the provider."""
        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: self._connect(request, obj) if obj.enabled else self._disconnect(request, obj))

    def delete_model(self, request: HttpRequest, obj: Messenger) -> None:
        """The provider sends nothing any more."""
        self._disconnect(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Messenger]) -> None:
        """The same for several."""
        for messenger in queryset:
            self._disconnect(request, messenger)
        super().delete_queryset(request, queryset)

    def _connect(self, request: HttpRequest, messenger: Messenger) -> None:
        try:
            known_as = adapter_of(messenger).connect(messenger)
        except (CallFailed, Unsealable, LookupError) as error:
            messenger.note_problem(str(error))
            self.message_user(request, f"It does not work. {error}", messages.ERROR)
            return
        messenger.note_problem("")
        Messenger.objects.filter(pk=messenger.pk).update(identity=known_as[:100])
        self.message_user(request, f"{messenger.get_kind_display()} let us in as {known_as}.", messages.SUCCESS)

    def _disconnect(self, request: HttpRequest, messenger: Messenger) -> None:
        try:
            adapter_of(messenger).disconnect(messenger)
        except (CallFailed, Unsealable) as error:
            note = f"Nothing is taken any more from {messenger}. The provider was not told: {error}"
            self.message_user(request, note, messages.WARNING)


@admin.register(Arrival)
class ArrivalsAdmin(HistoryAdmin):
    """What came, and what became of it."""

    list_display = ("created_at", "messenger", "thread", "shown_state", "reason")
    list_filter = ("state", OF_MESSENGER)
    search_fields = ("provider_id", "thread__address")
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("take_in_again",)
    fields = (("messenger", "thread"), ("state", "reason"), ("provider_id", "created_at"))

    @display(description="became", ordering="state", label=ARRIVAL_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, arrival: Arrival) -> tuple[str, str]:
        """The state as a chip."""
        return arrival.state, arrival.get_state_display()

    @admin.action(description="Take in again")
    def take_in_again(self, request: HttpRequest, arrivals: QuerySet[Arrival]) -> None:
        """What was kept aside."""
        again = [arrival for arrival in arrivals if receiving.take_in_again(arrival)]
        self.message_user(request, f"{len(again)} are taken in again.")


@admin.register(Post)
class PostsAdmin(HistoryAdmin):
    """What was sent, and what was not."""

    list_display = ("created_at", "conversation", "shown_state", "attempts", "problem")
    list_filter = ("state", "conversation__channel")
    search_fields = ("conversation__contact__name", "parts__provider_id")
    list_select_related: ClassVar[bool | list[str]] = ["conversation__contact"]
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("send_again",)
    fields = ("conversation", ("state", "attempts", "problem"), ("created_at", "due_at"))

    @display(description="state", ordering="state", label=POST_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, post: Post) -> tuple[str, str]:
        """The state as a chip."""
        return post.state, post.get_state_display()

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, posts: QuerySet[Post]) -> None:
        """What could not be sent, from the piece on that is not out."""
        failed = [post for post in posts.select_related("message") if post.state == Post.State.FAILED]
        for post in failed:
            outbox.send_again(post)
        self.message_user(request, f"{len(failed)} on their way again.")
