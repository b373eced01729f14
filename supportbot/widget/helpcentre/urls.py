"""The help centre's addresses: a workspace's own language has the shorter ones."""

from __future__ import annotations

from django.urls import include, path, re_path, register_converter

from supportbot.widget.helpcentre import views


class Language:
    """Two letters."""

    regex = "[a-z]{2}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(Language, "language")

pages = [
    path("", views.home, name="help"),
    path("search/", views.search, name="help-search"),
    path("topics/<slug:collection>/", views.collection, name="help-collection"),
    path("more/", views.collection, name="help-more"),
    path("articles/<slug:article>/", views.article, name="help-article"),
    path("articles/<slug:article>/feedback/", views.feedback, name="help-feedback"),
]
urlpatterns = [
    path("robots.txt", views.robots),
    path("help/<slug:workspace>/theme.css", views.stylesheet, name="help-theme"),
    path("help/<slug:workspace>/sitemap.xml", views.sitemap, name="help-sitemap"),
    path("help/<slug:workspace>/", include(pages)),
    path("help/<slug:workspace>/<language:language>/", include(pages)),
    re_path(r"^help/(?P<workspace>[-\w]+)/(?P<rest>.+)/$", views.missing),
]
