"""The row of one session of a user, as they see it in the list of their own; `logins` keeps it."""

from __future__ import annotations

from django.db import models

# What a browser calls itself, the particular before the general: Edge also says Chrome, and Chrome also Safari.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac": "macOS"}
SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


class Login(models.Model):
    """Where a user is signed in, or was."""

    user = models.ForeignKey("workspaces.User", models.CASCADE, related_name="logins")
    session_key = models.CharField(max_length=40, unique=True)
    browser = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}, {self.browser}"

    @property
    def shown_browser(self) -> str:
        """Browser and system in words, as `Firefox on Linux`."""
        return " on ".join(_first_of(names, self.browser) for names in (BROWSERS, SYSTEMS))


def _first_of(names: dict[str, str], text: str) -> str:
    return next((name for mark, name in names.items() if mark in text), "unknown")
