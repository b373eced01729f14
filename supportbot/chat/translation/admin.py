"""Translation in the admin: which workspace translates with what, and which has nothing that does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action as button
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from supportbot.chat.translation.backends import NotTranslated, backend, demand_address, directions, models_folder
from supportbot.chat.translation.models import LANGUAGES, Translator, language_name
from supportbot.workspaces.administration import WorkspaceAdmin, is_superuser
from supportbot.workspaces.models import User, Workspace

TRIED = {"en": "The parcel arrives on 3 May.", "de": "Das Paket kommt am 3. Mai an."}


class TranslatorForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses what could not translate. A key is never shown again, and goes with the address that it was given for."""

    language = forms.ChoiceField(
        label="Agents' language",
        choices=LANGUAGES,
        initial="en",
        widget=UnfoldAdminSelectWidget,
        help_text="What the inbox is read in",
    )
    key = forms.CharField(
        label="API key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Stored sealed. Empty keeps the one that is stored, unless the address has changed",
    )

    class Meta:
        model = Translator
        fields = ("workspace", "language", "kind", "address", "model")

    def clean(self) -> dict[str, Any]:
        """A server has an address that may be asked, and a model; a folder has models."""
        given = super().clean() or {}
        if given.get("kind") == Translator.Kind.FOLDER:
            self._demand_models()
        elif given.get("kind"):
            self._demand_server(given)
        return given

    def save(self, commit: bool = True) -> Any:
        """Seal a new key; forget one that was given for another address."""
        if self.cleaned_data["key"] or "address" in self.changed_data or "kind" in self.changed_data:
            self.instance.key = self.cleaned_data["key"]
        return super().save(commit)

    def _demand_server(self, given: dict[str, Any]) -> None:
        if not given.get("model"):
            self.add_error("model", "Name the model that the server shall use.")
        try:
            demand_address(given.get("address", ""))
        except ValueError as error:
            self.add_error("address", str(error))

    def _demand_models(self) -> None:
        try:
            found = directions(models_folder())
        except NotTranslated as error:
            self.add_error("kind", str(error))
        else:
            if not found:
                self.add_error("kind", f"{settings.TRANSLATION_MODELS} holds no model. See docs/translation.md.")


class TranslatorsAdmin(WorkspaceAdmin):
    """One row a workspace; those without one are named above the list."""

    form = TranslatorForm
    list_display = ("workspace", "reads", "kind", "address", "model")
    list_before_template = "admin/chat/translator/without.html"
    actions_submit_line = ("try_it",)
    fieldsets = (
        (None, {"fields": ("workspace", "language", "kind")}),
        ("Server", {"fields": ("address", "model", "key")}),
    )

    def reads(self, translator: Translator) -> str:
        """What the inbox is read in."""
        return language_name(translator.language)

    reads.short_description = "agents' language"  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the workspaces in which nothing translates."""
        assert isinstance(request.user, User)
        seen = Workspace.objects.all() if is_superuser(request) else request.user.administers()
        context = {**(extra_context or {}), "without": seen.filter(translator=None).order_by("name")}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @button(description="Save and try it")  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest, obj: Translator) -> None:
        """Ask the server for a sentence, or name the models; no transaction waits for the answer."""
        transaction.on_commit(lambda: self._try(request, obj))

    def _try(self, request: HttpRequest, translator: Translator) -> None:
        try:
            said = _models() if translator.kind == Translator.Kind.FOLDER else _sentence(translator)
        except NotTranslated as error:
            self.message_user(request, f"Not translated: {error}.", messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)


def _sentence(translator: Translator) -> str:
    source, target = ("en", "de") if translator.language == "en" else ("de", translator.language)
    text = backend(translator).translate([TRIED[source]], source, target, seconds=settings.TRANSLATION_SECONDS)[0]
    return f"{language_name(source)}: {TRIED[source]} {language_name(target)}: {text}"


def _models() -> str:
    """Named only: a web process loads no model."""
    ways = (f"{language_name(source)} to {language_name(target)}" for source, target in directions(models_folder()))
    return f"There are models from {', '.join(ways)}."
