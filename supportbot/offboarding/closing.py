"""The deletion of a workspace until it begins: asked for by an owner, who can undo it; meanwhile it is closed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from supportbot.chat.models import ExpertTraining
from supportbot.chat.versions import learning
from supportbot.offboarding.exporting import Refused
from supportbot.workspaces.models import AuditEntry, Deletion, User, Workspace
from supportbot.workspaces.role import ADMINISTERING

log = structlog.get_logger(__name__)


@transaction.atomic
def ask(workspace: Workspace, *, by: User, name: str) -> Deletion:
    """Close it, and have it deleted after the days to think it over; Refused unless the name is typed as it stands."""
    row = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if row.closed_at:
        raise Refused("Somebody has asked for this already.")
    if " ".join(name.split()) != " ".join(row.name.split()):
        raise Refused("Type the name of the workspace as it stands above.")
    now = timezone.now()
    deletion = Deletion.objects.create(
        workspace_number=row.pk,
        name_digest=Deletion.digest_of_name(row.name),
        asked_by_digest=Deletion.digest_of_user(by.pk),
        asked_at=now,
        due_at=now + timedelta(days=settings.DELETION_DAYS),
    )
    Workspace.objects.filter(pk=row.pk).update(closed_at=now)
    for training in ExpertTraining.objects.in_workspace(row).filter(state__in=ExpertTraining.OPEN):
        learning.cancel(training, by=by)
    _note(row, "asked", by, deletion)
    text = (
        f"{by} has {row.name} deleted. It is closed from now on: nobody chats or works there.\n\n"
        f"On {deletion.due_at:%d %B %Y, %H:%M} UTC all of it is deleted for good. Until then an owner can undo this:\n"
        f"{settings.SITE_ADDRESS}{reverse('closed')}\n\n"
        "How far it is, and afterwards the certificate, stands here; keep this address, it needs no account:\n"
        f"{settings.SITE_ADDRESS}{reverse('deletion', args=[deletion.pk])}\n"
    )
    transaction.on_commit(partial(_tell, row, f"{row.name} will be deleted", text))
    return deletion


@transaction.atomic
def undo(workspace: Workspace, *, by: User) -> None:
    """Open it again; Refused once the deletion has begun."""
    deletion = Deletion.objects.select_for_update().filter(workspace_number=workspace.pk).first()
    if deletion is None:
        raise Refused("It is open already.")
    if deletion.begun_at:
        raise Refused("The deletion has begun; what is gone does not come back.")
    _note(workspace, "undone", by, deletion)
    deletion.delete()
    Workspace.objects.filter(pk=workspace.pk).update(closed_at=None)
    text = f"{by} has undone the deletion of {workspace.name}. It is open again, with all that it had.\n"
    transaction.on_commit(partial(_tell, workspace, f"{workspace.name} is open again", text))


def _note(workspace: Workspace, done: str, by: User, deletion: Deletion) -> None:
    AuditEntry.objects.create(
        workspace=workspace, actor=by, action=f"workspace.deletion_{done}", target=str(deletion.pk)
    )


def _tell(workspace: Workspace, subject: str, text: str) -> None:
    """E-mails to who administers it; what was done stays done if the mail server fails."""
    people = workspace.members.filter(role__in=ADMINISTERING, user__is_active=True).select_related("user")
    for member in people:
        try:
            EmailMessage(" ".join(subject.split()), text, to=[member.user.email]).send()
        except OSError as error:
            log.warning("not told of a deletion", workspace=workspace.pk, error=repr(error))
