"""Puts our admin site in the place of Django's."""

from __future__ import annotations

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """`django.contrib.admin` with the site of this package."""

    default = False
    default_site = "supportbot.analytics.site.AdministratorSite"
