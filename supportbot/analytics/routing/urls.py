"""The addresses of the routing pages, under /admin/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from supportbot.analytics.routing import expert_views, topic_views, views, what_if_views


def urls(guarded: Callable[[Any], Any]) -> list[URLPattern]:
    """All of them; `guarded` lets only administrators in."""
    return [
        path("routing/", guarded(views.conversations), name="routing"),
        path("routing/overall/", guarded(views.overall), name="routing-overall"),
        path("routing/topics/", guarded(topic_views.look), name="routing-topics"),
        path("routing/topics/<int:topic_id>/", guarded(topic_views.decide), name="routing-topic"),
        path("routing/experts/", guarded(expert_views.experts), name="routing-experts"),
        path("routing/experts/<int:number>/", guarded(expert_views.expert), name="routing-expert"),
        path("routing/replies/<int:generation_id>/what-if/", guarded(what_if_views.ask), name="routing-ask"),
        path("routing/what-if/<int:what_if_id>/", guarded(what_if_views.look), name="routing-what-if"),
        path("routing/<uuid:conversation_id>/", guarded(views.conversation), name="routing-conversation"),
    ]
