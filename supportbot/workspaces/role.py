"""What somebody is in a workspace; the rules of giving and taking it are in `roles`."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """From who only looks to who decides everything."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin", "Administrator"
    OWNER = "owner"


ADMINISTERING = (Role.ADMIN, Role.OWNER)
LOOKING = ("GET", "HEAD")  # the requests that change nothing: all that a viewer may make
HELP = "Viewers read the inbox and change nothing; administrators also have the admin; only owners make owners"
