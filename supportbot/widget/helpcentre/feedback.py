"""Takes down whether an article helped. A reader gets a cookie with the first answer, and never by reading."""

from __future__ import annotations

import secrets

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse

from supportbot.knowledge.models import Article, ArticleFeedback
from supportbot.workspaces import pace

COOKIE = "help_reader"
COOKIE_AGE = 365 * 24 * 3600
SALT = "supportbot.help.reader"
MOST, WITHIN = 30, 3600  # answers of one address, seconds


class FeedbackForm(forms.Form):
    """Yes or no, and perhaps what was missing."""

    helpful = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes")
    comment = forms.CharField(max_length=1000, required=False)


def is_too_often(request: HttpRequest) -> bool:
    """Count an answer of this address; whether it had too many."""
    return pace.is_too_often(request, "help-feedback", most=MOST, within=WITHIN)


def reader(request: HttpRequest) -> str:
    """The random name of the reader's browser: its cookie's, or a new one."""
    try:
        return str(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT))
    except signing.BadSignature:
        return secrets.token_urlsafe(32)


def remember(response: HttpResponse, visitor: str) -> None:
    """Let the reader's next answer replace this one."""
    response.set_cookie(
        COOKIE, signing.dumps(visitor, salt=SALT), max_age=COOKIE_AGE, path="/help/", httponly=True, samesite="Lax"
    )


def save(article: Article, visitor: str, form: FeedbackForm) -> None:
    """Keep the reader's last word on the article."""
    ArticleFeedback.objects.update_or_create(article=article, visitor=visitor, defaults=form.cleaned_data)
