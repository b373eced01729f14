"""The page behind the link in a digest: turns it off, for whoever has the link and without signing in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from supportbot.chat import digest
from supportbot.workspaces.models import Member


@csrf_exempt  # a mail program posts here with one click; the link itself says whose it is
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, so that a program which follows links changes nothing; posted, turn it off."""
    member = digest.member_of(token)
    if member is None:
        raise Http404("There is no such link.")
    if request.method == "POST":
        digest.choose(workspace=member.workspace, agent=member.user, digest=Member.Digest.OFF)
    return render(request, "dashboard/digest.html", {"member": member, "is_off": request.method == "POST"})
