"""Who sees and changes what in the admin: the one place where its lists and forms are bound to workspaces.

A superuser administers every workspace, a member with the role admin his own. Knows no model but users and workspaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import ModelChoiceField, ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from supportbot.workspaces.models import AuditEntry, User, Workspace
from supportbot.workspaces.signing import demand_address

NAME = re.compile(r"[a-z][a-z0-9_]*")
OF_WORKSPACE = ("workspace", RelatedOnlyFieldListFilter)


def is_administrator(request: HttpRequest) -> bool:
    """Whether the visitor administers any workspace."""
    return isinstance(request.user, User) and request.user.is_administrator


def is_superuser(request: HttpRequest) -> bool:
    """Whether the visitor administers the whole installation."""
    return bool(request.user.is_active and request.user.is_superuser)


def administered(request: HttpRequest) -> QuerySet[Workspace]:
    """The workspaces that the visitor may look into, by name."""
    assert isinstance(request.user, User)
    return request.user.administers().order_by("name")


def chosen(request: HttpRequest) -> Workspace | None:
    """The one that the address names, else the first; None where there is none."""
    workspaces = administered(request)
    return workspaces.filter(slug=request.GET.get("workspace", "")).first() or workspaces.first()


def show_once(request: HttpRequest, what: str, value: str) -> None:
    """Tell the administrator a secret that was just made, and that only its hash or seal is kept."""
    messages.warning(request, f"The {what}, shown this once: {value}")


def named(names: object, what: str) -> list[str]:
    """The names of categories or intents; ValidationError, which says what to write, if it is no list of them."""
    if not isinstance(names, list) or not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise ValidationError(f"Write a list of {what}.")
    return names


class SettledForm(ModelForm):  # type: ignore[type-arg]
    """Refuses what the database would, also where a rule names the workspace, which is no field of a settled row."""

    def validate_unique(self) -> None:
        """Look at every field but those that are wrong already."""
        super().validate_unique()
        if self.instance.pk is None or self.non_field_errors():
            return
        try:
            self.instance.validate_constraints(exclude=set(self.errors))
        except ValidationError as error:
            self.add_error(None, error)

    def workspace_id(self) -> int | None:
        """The workspace that was chosen, now or when the row was made; None if the choice was refused."""
        chosen = self.cleaned_data.get("workspace")
        settled: int | None = chosen.pk if chosen else self.instance.workspace_id
        return settled


class CalledAddressForm(SettledForm):
    """Refuses an address that may not be called."""

    def clean_address(self) -> str:
        """One that may be called."""
        address: str = self.cleaned_data["address"]
        try:
            demand_address(address)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return address


class WorkspaceAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows of the workspaces that the visitor administers, and of no other; so are the choices in forms."""

    list_per_page = 50
    list_select_related: ClassVar[bool | list[str]] = True
    tells_the_log: ClassVar[bool] = True  # of every change; not where the rows themselves tell more
    told_values: ClassVar[tuple[str, ...]] = ()  # fields whose new values the audit log keeps, not their names alone

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A row of another workspace doesn't exist for the visitor."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if is_superuser(request):
            return rows
        assert isinstance(request.user, User)
        return rows.filter(**{f"{self.workspace_path()}__in": request.user.administers()})

    def workspace_path(self) -> str:
        """The lookup from a row to its workspace."""
        return str(getattr(self.model, "workspace_path", "workspace"))

    def workspaces_of(self, row: Any) -> Iterable[Workspace]:
        """Whose audit log hears of a row."""
        return [reduce(getattr, self.workspace_path().split("__"), row)]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Also in the audit log."""
        self._tell(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Also in the audit log."""
        self._tell(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Also in the audit log."""
        for row in queryset:
            self._tell(request, row, "deleted", [])
        return super().log_deletions(request, queryset)

    def _tell(self, request: HttpRequest, row: Any, done: str, changes: Any) -> None:
        """Names of fields, no texts: the log is kept for good, and rows hold what people wrote."""
        if not self.tells_the_log:
            return
        told: dict[str, Any] = {"changes": changes, **{name: str(getattr(row, name)) for name in self.told_values}}
        entry = {"actor": request.user, "action": f"{row._meta.model_name}.{done}", "target": str(row.pk)}
        for workspace in self.workspaces_of(row):
            AuditEntry.objects.create(workspace=workspace, details=told, **entry)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer only rows that the visitor may see."""
        offered = self._offered(db_field, request)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(db_field, request, **kwargs | offered)
        return field

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """Offer only rows that the visitor may see."""
        offered = self._offered(db_field, request)
        field: ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(
            db_field, request, **kwargs | offered
        )
        return field

    def _offered(
        self, db_field: ForeignKey[Any, Any] | ManyToManyField[Any, Any], request: HttpRequest
    ) -> dict[str, QuerySet[Any]]:
        other = self.admin_site._registry.get(db_field.related_model)
        return {} if other is None else {"queryset": other.get_queryset(request)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Administrators see every section."""
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are bound by `get_queryset`."""
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Forms are bound by `formfield_for_foreignkey`."""
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees a row may change it."""
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees a row may delete it."""
        return is_administrator(request)


class TellsWhoAsks:
    """Before an admin whose form refuses by who asks: the form has them as `by`."""

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of this request."""
        form = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]
        form.by = request.user
        return form


class SettledAdmin(WorkspaceAdmin):
    """Rows that stay in the workspace for which they were made."""

    form = SettledForm

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Chosen once."""
        return (*self.readonly_fields, "workspace") if obj else tuple(self.readonly_fields)


class PartInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to the row whose page this is; whoever may open the page may change them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The page is bound to the visitor's workspaces."""
        return is_administrator(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class HistoryAdmin(WorkspaceAdmin):
    """Rows that are history: to be read by administrators, changed by nobody."""

    actions: ClassVar[Any] = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """History isn't written by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor rewritten."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor forgotten here."""
        return False
