"""The inbox's pages."""

from __future__ import annotations

from django.urls import path

from supportbot.dashboard import assist, attachments, canned, digest, merge, replies, tasks, views, voice

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/conversations/", views.conversations, name="inbox-conversations"),
    path("inbox/conversations/ids/", views.ids, name="inbox-ids"),
    path("inbox/search/", views.find, name="inbox-search"),
    path("inbox/choices/", views.offered, name="inbox-choices"),
    path("inbox/counts/", views.counts, name="inbox-counts"),
    path("inbox/canned/", canned.library, name="inbox-canned"),
    path("inbox/canned/<int:response>/", canned.response, name="inbox-canned-response"),
    path("inbox/tasks/", tasks.page, name="inbox-tasks"),
    path("inbox/tasks/list/", tasks.listed, name="inbox-tasks-list"),
    path("inbox/tasks/new/", tasks.new, name="inbox-task-new"),
    path("inbox/tasks/<int:task>/", tasks.task, name="inbox-task"),
    path("inbox/tasks/<int:task>/move/<slug:status>/", tasks.move, name="inbox-task-move"),
    path("inbox/attachments/<uuid:attachment>/", attachments.shown),
    path("inbox/<uuid:conversation>/attachments/", attachments.uploads),
    path(
        "inbox/<uuid:conversation>/attachments/<uuid:attachment>/", attachments.removed, name="inbox-attachment-remove"
    ),
    path("inbox/digest/<str:token>/", digest.unsubscribe, name="inbox-digest"),
    path("inbox/<uuid:conversation>/", views.inbox, name="inbox-conversation"),
    path("inbox/<uuid:conversation>/facts/", views.facts, name="inbox-facts"),
    path("inbox/<uuid:conversation>/tasks/", tasks.add, name="inbox-tasks-add"),
    path("inbox/<uuid:conversation>/told/", tasks.tell, name="inbox-tasks-told"),
    path("inbox/<uuid:conversation>/assist/", assist.dialog, name="inbox-assist"),
    path("inbox/<uuid:conversation>/article/", assist.article, name="inbox-article"),
    path("inbox/<uuid:conversation>/merge/", merge.page, name="inbox-merge"),
    path("inbox/<uuid:conversation>/replies/<int:seq>/", replies.reply, name="inbox-reply"),
    path("inbox/<uuid:conversation>/canned/", views.canned, name="inbox-canned-here"),
    path("inbox/<uuid:conversation>/voice/", voice.look_over, name="inbox-voice"),
]
