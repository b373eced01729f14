"""To where the providers of messengers send."""

from __future__ import annotations

from django.urls import path

from supportbot.channels.messengers import door

urlpatterns = [path("channels/<str:messenger_key>/", door.messenger, name="messenger")]
