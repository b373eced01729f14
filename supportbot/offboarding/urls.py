"""The addresses of export and deletion; those below /admin/ are for administrators, and there for owners."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from supportbot.offboarding import closed, pages

guarded = admin.site.admin_view

urlpatterns = [
    path("admin/data/", guarded(pages.data), name="workspace-data"),
    path("admin/data/<slug:workspace>/export/", guarded(pages.export), name="workspace-export"),
    path("admin/data/<slug:workspace>/delete/", guarded(pages.delete), name="workspace-delete"),
    path("admin/data/exports/<int:export_id>/state/", guarded(pages.export_state), name="export-state"),
    path("admin/data/exports/<int:export_id>/file/", guarded(pages.export_file), name="export-file"),
    path("admin/data/exports/<int:export_id>/delete/", guarded(pages.take_export_away), name="export-delete"),
    path("closed/", closed.closed, name="closed"),
    path("closed/<slug:workspace>/open/", closed.open_again, name="closed-open"),
    path("deletions/<uuid:deletion>/", closed.deletion, name="deletion"),
    path("deletions/<uuid:deletion>/certificate.json", closed.certificate_json, name="deletion-certificate"),
    path("deletions/<uuid:deletion>/certificate.txt", closed.certificate_text, name="deletion-text"),
]
