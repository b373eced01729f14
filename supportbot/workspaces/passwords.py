"""A rule for passwords beside Django's own."""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

from supportbot.workspaces.models import User, Workspace

PRODUCT = "supportbot"
LEFT = 8  # characters that a password needs beside such a name


class NotObviousHere:
    """Refuses a password that is little more than the name of the product or of a workspace in which one works."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """ValidationError, in the user's words."""
        theirs = Workspace.objects.filter(members__user=user) if isinstance(user, User) and user.pk else ()
        names = [PRODUCT, *(word for shop in theirs for word in (shop.slug, *shop.name.split()))]
        for name in (name for name in names if len(name) > 3):
            if len(re.sub(re.escape(name), "", password, flags=re.IGNORECASE)) < min(LEFT, len(password)):
                raise ValidationError(f"A password with {name} in it is obvious here. Use other words.")

    def get_help_text(self) -> str:
        """As a form shows it."""
        return "Your password can’t be little more than the name of the product or of your workspace."
