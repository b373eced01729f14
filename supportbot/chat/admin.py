"""Contacts, conversations, messages and generations in the admin: history, to be read; and what agents write with."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from supportbot.chat.categories.admin import CategoriesAdmin
from supportbot.chat.corrections.admin import CorrectionsAdmin
from supportbot.chat.models import (
    CannedResponse,
    Category,
    Contact,
    Conversation,
    Correction,
    Generation,
    Macro,
    Message,
    Rating,
    RuleRun,
    SlaPolicy,
    SuggestionUse,
    Translator,
)
from supportbot.chat.rules.admin import RuleRunsAdmin
from supportbot.chat.sorting import Label
from supportbot.chat.translation.admin import TranslatorsAdmin
from supportbot.workspaces.administration import OF_WORKSPACE, HistoryAdmin, SettledAdmin

admin.site.register(Translator, TranslatorsAdmin)
admin.site.register(Category, CategoriesAdmin)
admin.site.register(Correction, CorrectionsAdmin)
admin.site.register(RuleRun, RuleRunsAdmin)
STATUS_LABELS = {
    Conversation.Status.PENDING: "info",
    Conversation.Status.OPEN: "warning",
    Conversation.Status.SNOOZED: "primary",
    Conversation.Status.RESOLVED: "success",
}


def routing_link(conversation_id: object) -> SafeString:
    """The way to a conversation's routing."""
    address = reverse("admin:routing-conversation", args=[conversation_id])
    return format_html('<a class="underline" href="{}">Expert routing</a>', address)


@admin.register(Contact)
class ContactsAdmin(HistoryAdmin):
    """Customers."""

    list_display = ("__str__", "email", "verified", "workspace", "created_at", "seen_at")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("name", "email", "external_id", "token_hash")
    date_hierarchy = "created_at"

    @admin.display(description="verified", boolean=True)
    def verified(self, contact: Contact) -> bool:
        """Whether the workspace's site vouches for who it is."""
        return contact.is_verified


@admin.register(Conversation)
class ConversationsAdmin(HistoryAdmin):
    """Conversations with their transcripts."""

    change_form_template = "admin/chat/conversation/change_form.html"
    list_display = ("contact", "shown_status", "handler", "category", "assignee", "length", "updated_at", "routing")
    list_filter = (OF_WORKSPACE, "status", "handler", "category", ("assignee", admin.RelatedOnlyFieldListFilter))
    search_fields = ("id", "contact__name", "contact__email", "messages__body")
    date_hierarchy = "created_at"
    fields = (
        ("contact", "workspace"),
        ("status", "handler", "assignee"),
        ("category", "waiting_since"),
        ("created_at", "updated_at"),
    )

    @display(description="status", ordering="status", label=STATUS_LABELS)  # type: ignore[untyped-decorator]
    def shown_status(self, conversation: Conversation) -> tuple[str, str]:
        """The status as a chip."""
        return conversation.status, conversation.get_status_display()

    @admin.display(description="messages", ordering="last_seq")
    def length(self, conversation: Conversation) -> int:
        """How many messages it has."""
        return conversation.last_seq

    @admin.display(description="experts")
    def routing(self, conversation: Conversation) -> SafeString:
        """The way to the routing."""
        return routing_link(conversation.id)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """With the transcript and the actions."""
        context["transcript"] = (
            kwargs["obj"].messages.select_related("user", "translation").prefetch_related("attachments")
        )
        context["calls"] = kwargs["obj"].action_calls.select_related("user")
        response: HttpResponse = super().render_change_form(request, context, **kwargs)
        return response


@admin.register(Message)
class MessagesAdmin(HistoryAdmin):
    """Every message, to search in."""

    list_display = ("created_at", "author", "excerpt", "category", "intent", "shown_confidence", "outcome")
    list_display_links = ("excerpt",)
    list_filter = ("author", "outcome", "category")
    list_select_related: ClassVar[bool | list[str]] = ["conversation__contact", "user"]
    search_fields = ("body", "intent", "conversation__contact__name", "conversation__contact__email")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"

    @admin.display(description="message", ordering="body")
    def excerpt(self, message: Message) -> str:
        """Its beginning."""
        return message.body if len(message.body) <= 80 else f"{message.body[:79]}…"

    @admin.display(description="confidence", ordering="confidence")
    def shown_confidence(self, message: Message) -> str | None:
        """In per cent."""
        return None if message.confidence is None else f"{message.confidence:.0%}"


@admin.register(Label)
class LabelsAdmin(SettledAdmin):
    """The words that conversations carry."""

    list_display = ("name", "colour", "workspace")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("name",)


@admin.register(Rating)
class RatingsAdmin(HistoryAdmin):
    """What customers think."""

    list_display = ("created_at", "score", "of", "comment", "conversation")
    list_filter = ("score", "of")
    list_select_related: ClassVar[bool | list[str]] = ["conversation__contact"]
    search_fields = ("comment",)
    date_hierarchy = "created_at"


@admin.register(SuggestionUse)
class SuggestionUsesAdmin(HistoryAdmin):
    """What agents made of what the assistant proposed."""

    list_display = ("created_at", "user", "kind", "text", "helpful", "inserted_at", "rejected_at", "message", "changed")
    list_filter = ("kind", "helpful", "category", ("user", admin.RelatedOnlyFieldListFilter))
    list_select_related: ClassVar[bool | list[str]] = ["user", "message"]
    search_fields = ("text",)
    date_hierarchy = "created_at"


@admin.register(Generation)
class GenerationsAdmin(HistoryAdmin):
    """How each reply came about."""

    list_display = (
        "created_at",
        "act",
        "reason",
        "model_version",
        "completion_tokens",
        "first_token_s",
        "routing_page",
    )
    list_filter = ("act", "reason", "model_version")
    list_select_related: ClassVar[bool | list[str]] = ["message", "in_reply_to"]
    search_fields = ("message__body", "in_reply_to__body", "model_version")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    exclude = ("reading", "routing", "prompt")

    @admin.display(description="experts")
    def routing_page(self, generation: Generation) -> SafeString:
        """The way to the routing."""
        return routing_link(generation.message.conversation_id)


@admin.register(CannedResponse)
class CannedResponsesAdmin(SettledAdmin):
    """The texts that every agent of a workspace may send; an agent's own are nobody else's."""

    list_display = ("code", "title", "workspace", "updated_at")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("code", "title", "body")
    fields = ("workspace", "code", "title", "body")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CannedResponse]:
        """Without those of a single agent."""
        rows: QuerySet[CannedResponse] = super().get_queryset(request)
        return rows.filter(owner=None)


@admin.register(Macro)
class MacrosAdmin(SettledAdmin):
    """What agents do with one click."""

    list_display = ("name", "does", "workspace")
    list_filter = (OF_WORKSPACE,)
    list_select_related: ClassVar[bool | list[str]] = ["workspace", "reply", "label", "assignee"]
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("workspace", "name")}),
        ("What it does, in this order", {"fields": ("reply", "label", "priority", "takes", "assignee")}),
        ("And in the end", {"fields": ("snooze_hours", "resolves")}),
    )

    @admin.display(description="does")
    def does(self, macro: Macro) -> str:
        """Its steps."""
        return ", ".join(macro.steps).capitalize()


@admin.register(SlaPolicy)
class SlaPoliciesAdmin(SettledAdmin):
    """Within which time people answer and resolve."""

    list_display = ("name", "team", "priority", "first_minutes", "next_minutes", "resolution_minutes", "workspace")
    list_filter = (OF_WORKSPACE, "priority")
    list_select_related: ClassVar[bool | list[str]] = ["workspace", "team"]
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("workspace", "name")}),
        ("Where it holds", {"fields": ("team", "priority")}),
        ("Within how many minutes", {"fields": ("first_minutes", "next_minutes", "resolution_minutes")}),
        ("Clock", {"fields": ("in_business_hours",)}),
    )
