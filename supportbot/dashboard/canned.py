"""The page on which agents keep their canned responses; administrators also keep those of everybody."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet, RestrictedError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from supportbot.chat.authoring import outline
from supportbot.chat.models import CannedResponse
from supportbot.chat.storable import storable
from supportbot.chat.variables import NAMES
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.views import seated
from supportbot.workspaces.models import AuditEntry, ProactiveMessage


class ResponseForm(forms.ModelForm):  # type: ignore[type-arg]
    """One canned response; whether everybody uses it is an administrator's choice."""

    for_all = forms.BooleanField(label="For every agent of this workspace", required=False)

    class Meta:
        model = CannedResponse
        fields = ("code", "title", "body")
        widgets: ClassVar[Any] = {"body": forms.Textarea(attrs={"rows": 6, "dir": "auto"})}

    def __init__(self, desk: Desk, data: QueryDict | None, chosen: CannedResponse | None) -> None:
        super().__init__(data, instance=chosen, label_suffix="")
        self.desk = desk
        self.fields["for_all"].initial = self.instance.pk is not None and self.instance.owner is None
        if not desk.is_admin:
            del self.fields["for_all"]
        for field in self.fields.values():
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "input"

    def clean(self) -> dict[str, Any] | None:
        """Whose it is, before the row is checked."""
        cleaned = super().clean()
        self.instance.workspace = self.desk.workspace
        self.instance.owner = None if self.cleaned_data.get("for_all") else self.desk.user
        return cleaned


@seated
def library(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All that the agent may use, and the form for one more, perhaps filled from key points."""
    if request.method == "POST" and "draft" in request.POST:
        return _drafted(request, desk, request.POST.get("points", ""))
    if request.method == "POST" and "announce" in request.POST and desk.is_admin:
        return _announced(request, desk, request.POST.get("announcement", ""))
    return _page(request, desk, None)


@seated
def response(request: HttpRequest, desk: Desk, response: int) -> HttpResponse:
    """One of them, to be changed or deleted."""
    found = get_object_or_404(_changeable(desk), pk=response)
    if request.method == "POST" and "delete" in request.POST:
        return _delete(request, desk, found)
    return _page(request, desk, found)


def _drafted(request: HttpRequest, desk: Desk, points: str) -> HttpResponse:
    """The form with what the points come to; nothing is saved."""
    made, more = outline.canned(points), {"points": points, "announcement": outline.announcement(points).body}
    if not made.body:
        more["wrong"] = "Write at least one key point, each on a line of its own."
        return _render(request, desk, None, more=more)
    if made.unknown:
        more["wrong"] = (
            f"There is no variable for {', '.join(made.unknown)}: it stays in brackets, fill it in yourself."
        )
    form = ResponseForm(desk, None, None)
    form.initial = {**form.initial, "code": made.code, "title": made.title, "body": made.body}
    return _render(request, desk, None, form=form, more=more)


def _announced(request: HttpRequest, desk: Desk, text: str) -> HttpResponse:
    """Keep an announcement of the widget, switched off until an administrator says where and when it is shown."""
    text = storable(text).strip()
    if not 0 < len(text) <= outline.ANNOUNCEMENT_LIMIT:
        wrong = f"An announcement has 1 to {outline.ANNOUNCEMENT_LIMIT} characters; this one has {len(text)}."
        more = {"points": request.POST.get("points", ""), "announcement": text, "wrong": wrong}
        return _render(request, desk, None, more=more)
    made = ProactiveMessage.objects.create(workspace=desk.workspace, text=text, is_active=False)
    entry = {"workspace": desk.workspace, "actor": desk.user, "target": str(made.pk)}
    AuditEntry.objects.create(**entry, action="proactivemessage.added")
    return redirect("admin:workspaces_workspace_change", desk.workspace.pk)


def _delete(request: HttpRequest, desk: Desk, found: CannedResponse) -> HttpResponse:
    try:
        found.delete()
    except RestrictedError as error:
        names = ", ".join(sorted(str(macro) for macro in error.restricted_objects))
        return _render(request, desk, found, f"A macro sends this text: {names}. Change the macro first.")
    return _back(desk)


def _page(request: HttpRequest, desk: Desk, chosen: CannedResponse | None) -> HttpResponse:
    form = ResponseForm(desk, request.POST or None, chosen)
    if request.method == "POST" and form.is_valid():
        form.save()
        return _back(desk)
    return _render(request, desk, chosen, form=form)


def _render(
    request: HttpRequest,
    desk: Desk,
    chosen: CannedResponse | None,
    alarm: str = "",
    form: ResponseForm | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    found = CannedResponse.objects.in_workspace(desk.workspace).of(desk.user)
    shown = {"Yours": found.filter(owner=desk.user), "Everybody's": found.filter(owner=None)}
    form = form or ResponseForm(desk, None, chosen)
    context = {
        "desk": desk,
        "form": form,
        "chosen": chosen,
        "shelves": shown,
        "variables": NAMES,
        "alarm": alarm,
        **more,
    }
    return render(request, "dashboard/canned.html", context)


def _changeable(desk: Desk) -> QuerySet[CannedResponse]:
    found = CannedResponse.objects.in_workspace(desk.workspace).of(desk.user)
    return found if desk.is_admin else found.filter(owner=desk.user)


def _back(desk: Desk) -> HttpResponse:
    return redirect(f"{reverse('inbox-canned')}?{urlencode({'workspace': desk.workspace.slug})}")
