"""The first steps of a workspace that somebody has signed up for, each ticked by what has truly happened."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.chat.models import Contact, Conversation
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import User, Workspace


@dataclass(frozen=True)
class Step:
    """What to do, why, and where."""

    title: str
    words: str
    is_done: bool
    links: tuple[tuple[str, str], ...]
    code: str = ""


@dataclass(frozen=True)
class FirstSteps:
    """Those of one workspace."""

    workspace: Workspace
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many are ticked."""
        return sum(step.is_done for step in self.steps)


def first_steps(user: User) -> list[FirstSteps]:
    """Of the workspaces that the user administers, until somebody dismisses them."""
    found = user.administers().filter(has_first_steps=True).order_by("name")
    return [
        FirstSteps(workspace, (_knows(workspace), _tried(workspace), _embedded(workspace), _staffed(workspace)))
        for workspace in found
    ]


@require_POST
def dismiss(request: HttpRequest, workspace: str) -> HttpResponse:
    """Show them no longer."""
    assert isinstance(request.user, User)
    found = get_object_or_404(request.user.administers(), slug=workspace)
    found.has_first_steps = False
    found.save(update_fields=["has_first_steps"])
    return redirect("admin:index")


def _knows(workspace: Workspace) -> Step:
    links = (
        ("Import what you have", reverse("admin:knowledge_import_add")),
        ("Write an article", reverse("admin:knowledge_article_add")),
    )
    is_done = Article.objects.in_workspace(workspace).filter(status=Article.Status.PUBLISHED).exists()
    return Step("Teach it", "The assistant answers from your articles, and names them.", is_done, links)


def _tried(workspace: Workspace) -> Step:
    links = (("Open your help centre", f"/help/{workspace.slug}/"), ("Inbox", f"/inbox/?workspace={workspace.slug}"))
    is_done = Conversation.objects.in_workspace(workspace).exists()
    return Step("Chat with it", "The chat is on your help centre already. Ask as a customer would.", is_done, links)


def _embedded(workspace: Workspace) -> Step:
    links = (("Name your site's address", reverse("admin:workspaces_workspace_change", args=[workspace.pk])),)
    code = f'<script async src="{settings.SITE_ADDRESS}/widget.js" data-workspace="{workspace.key}"></script>'
    elsewhere = Contact.objects.in_workspace(workspace).exclude(page="").exclude(page__startswith=settings.SITE_ADDRESS)
    words = "List your site under allowed origins, and put this line on its pages. Ticked once somebody writes there."
    return Step("Put it on your site", words, elsewhere.exists(), links, code)


def _staffed(workspace: Workspace) -> Step:
    links = (("Invite a colleague", reverse("admin:workspaces_invitation_add")),)
    is_done = workspace.members.count() > 1 or workspace.invitations.exists()
    return Step("Invite a colleague", "Whom the assistant hands over to when it does not know.", is_done, links)
