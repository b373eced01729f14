"""The admin site: open to administrators, with the routing pages and a front page that says how today goes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LogoutView, redirect_to_login
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from supportbot.actions import uses
from supportbot.analytics import first_steps, pages, views
from supportbot.analytics.boards import urls as boards
from supportbot.analytics.datasets import urls as datasets
from supportbot.analytics.overview import Overview
from supportbot.analytics.routing import urls as routing
from supportbot.analytics.versions import urls as versions
from supportbot.billing import pages as plan
from supportbot.chat.authoring import pages as drafts
from supportbot.chat.rules import pages as rules
from supportbot.chat.voice import page as voice
from supportbot.workspaces.administration import is_administrator
from supportbot.workspaces.models import Member


class AdministratorSite(UnfoldAdminSite):  # type: ignore[misc]
    """Everybody signs in at the same page; agents don't come in here."""

    index_title = "Today"

    def has_permission(self, request: HttpRequest) -> bool:
        """A superuser, or a member with the role admin."""
        return is_administrator(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send a stranger to the one sign-in page, tell an agent that this is not his."""
        if self.has_permission(request):
            return redirect("admin:index")
        if (
            request.user.is_authenticated
            and Member.objects.in_closed_workspaces().filter(user=request.user.pk).exists()
        ):
            return redirect("closed")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Back to the sign-in page."""
        return LogoutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one page for everybody."""
        return redirect("account")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The front page."""
        response: HttpResponse = super().index(
            request, {"overview": Overview.of(request.user), **(extra_context or {})}
        )
        return response

    def public_page(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponseBase:
        """Go where a row stands in public; Django's own view would show the addresses of every workspace's drafts."""
        kind = ContentType.objects.filter(pk=content_type_id).first() if content_type_id.isdecimal() else None
        keeper = self._registry.get(kind.model_class()) if kind else None
        if keeper is None or keeper.get_object(request, object_id) is None:
            raise Http404("There is no such row.")
        return shortcut(request, content_type_id, object_id)

    def extra_urls(self) -> list[URLPattern]:
        """The pages of analytics and of the model, of plan, voice, rules, drafts and who may use which action."""
        return [
            path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(self.public_page), name="view_on_site"),
            path("actions/uses/", self.admin_view(uses.page), name="action-uses"),
            path("voice/", self.admin_view(voice.page), name="voice"),
            path("plan/", self.admin_view(plan.page), name="plan"),
            path("plan/choose/<int:plan_id>/", self.admin_view(plan.choose), name="plan-choose"),
            path("plan/portal/", self.admin_view(plan.portal), name="plan-portal"),
            path("plan/cancel/", self.admin_view(plan.cancel), name="plan-cancel"),
            path("plan/notices/<int:notice_id>/hide/", self.admin_view(plan.hide), name="plan-notice-hide"),
            path("rules/", self.admin_view(rules.overview), name="rules"),
            path("rules/new/", self.admin_view(rules.new), name="rule-new"),
            path("rules/<int:rule_id>/", self.admin_view(rules.edit), name="rule"),
            path("rules/<int:rule_id>/trial/", self.admin_view(rules.trial), name="rule-trial"),
            path("rules/<int:rule_id>/change/", self.admin_view(rules.change), name="rule-change"),
            path("drafts/", self.admin_view(drafts.overview), name="drafts"),
            path("drafts/look/", self.admin_view(drafts.look), name="drafts-look"),
            path("drafts/of/<uuid:conversation_id>/", self.admin_view(drafts.of_conversation), name="drafts-of"),
            path("drafts/<int:draft_id>/", self.admin_view(drafts.draft), name="draft"),
            path("drafts/<int:draft_id>/state/", self.admin_view(drafts.state), name="draft-state"),
            path("analytics/", self.admin_view(pages.performance), name="analytics"),
            path("analytics/conversations/", self.admin_view(pages.cases), name="analytics-cases"),
            path("analytics/ask/", self.admin_view(pages.ask), name="analytics-ask"),
            path("analytics/digest/", self.admin_view(pages.digest), name="analytics-digest"),
            path("analytics/quality/", self.admin_view(pages.quality), name="analytics-quality"),
            path("analytics/gaps/<int:gap_id>/", self.admin_view(pages.draft_of_gap), name="analytics-gap"),
            path("analytics/people/", self.admin_view(pages.people), name="analytics-people"),
            path("first-steps/<slug:workspace>/", self.admin_view(first_steps.dismiss), name="first-steps-dismiss"),
            path("evaluation/", self.admin_view(views.evaluation), name="evaluation"),
            *boards.urls(self.admin_view),
            *datasets.urls(self.admin_view),
            *routing.urls(self.admin_view),
            *versions.urls(self.admin_view),
        ]
