"""Tells the administrators of a workspace that an address hears nothing any more."""

from __future__ import annotations

import structlog
from django.core.mail import EmailMessage

from supportbot.api.webhooks.models import Endpoint
from supportbot.workspaces.role import ADMINISTERING

log = structlog.get_logger(__name__)
TEXT = """The webhook {address} of {workspace} was switched off.

{why}

Events are not kept for it while it is off. Look at its deliveries in the admin under "Webhook deliveries", then switch
it on again under "Webhooks". What failed can be sent again from the list of deliveries.
"""


def tell(endpoint: Endpoint, why: str) -> None:
    """By e-mail; the admin's list says it, too."""
    admins = endpoint.workspace.members.filter(role__in=ADMINISTERING, user__is_active=True)
    to = list(admins.values_list("user__email", flat=True))
    text = TEXT.format(address=endpoint.address, workspace=endpoint.workspace, why=why)
    try:
        if to:
            EmailMessage("A webhook was switched off", text, to=to).send()
    except OSError as error:
        log.warning("notice not sent", endpoint=endpoint.pk, error=repr(error))
