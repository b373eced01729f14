"""The page of plan and usage in the admin, what owners do there, and the door for Stripe's events."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from supportbot.billing import subscribing, telling
from supportbot.billing.models import Invoice, Notice, Plan, Subscription
from supportbot.billing.provider import Forged, Unavailable
from supportbot.billing.standing import Account, account_of
from supportbot.billing.wording import Shown, number
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.roles import owns

INVOICES = 24
TITLE = "Plan and usage"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What a workspace has, what it uses, and what it did before; as CSV if the address says so."""
    assert isinstance(request.user, User)
    workspace = chosen(request)
    context: dict[str, Any] = {"title": TITLE, "workspaces": administered(request), "workspace": workspace}
    if workspace:
        account = account_of(workspace)
        if request.GET.get("format") == "csv":
            return _csv(workspace, account)
        context |= {
            "account": account,
            "shown": [Shown(standing) for standing in account.standings],
            "history": [(period, [number(amount) for amount in amounts]) for period, amounts in account.history],
            "kinds": [kind.label for kind in Kind],
            "notices": telling.told(workspace),
            "invoices": Invoice.objects.in_workspace(workspace).exclude(state=Invoice.State.DRAFT)[:INVOICES],
            "is_owner": owns(request.user, workspace),
            "offered": subscribing.offered(workspace),
            "is_stripe": _is_stripe(account.contract.subscription),
        }
    return render(request, "billing/plan.html", {**admin.site.each_context(request), **context})


@require_POST
def choose(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Begin with a plan; who pays online goes on there."""
    workspace, user = _owned(request)
    plan = get_object_or_404(Plan, pk=plan_id)
    try:
        address = subscribing.choose(workspace, plan, by=user, back=_back(request, workspace))
    except Unavailable as error:
        messages.error(request, str(error))
        return redirect(_here(workspace))
    if address:
        return _leave(request, address)
    messages.success(request, f"Whoever runs this installation was asked for {plan}, and will get in touch.")
    return redirect(_here(workspace))


@require_POST
def portal(request: HttpRequest) -> HttpResponse:
    """To where cards, invoices and other plans are."""
    workspace, _ = _owned(request)
    subscription = get_object_or_404(Subscription, workspace=workspace)
    try:
        address = subscribing.portal(subscription, back=_back(request, workspace))
    except Unavailable as error:
        messages.error(request, str(error))
        return redirect(_here(workspace))
    return _leave(request, address) if address else redirect(_here(workspace))


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """End the plan with the period."""
    workspace, user = _owned(request)
    subscription = get_object_or_404(Subscription, workspace=workspace)
    try:
        subscribing.cancel(subscription, by=user)
    except Unavailable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The plan is cancelled. Until it ends, nothing changes.")
    return redirect(_here(workspace))


@require_POST
def hide(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Show a notice no longer, to nobody of the workspace."""
    notice = get_object_or_404(Notice.objects.in_workspaces(administered(request)), pk=notice_id)
    if notice.can_be_hidden:
        notice.hidden_at = timezone.now()
        notice.save(update_fields=["hidden_at"])
    return redirect(_here(notice.workspace))


@csrf_exempt
@require_POST
def stripe_event(request: HttpRequest) -> HttpResponse:
    """What Stripe calls; anything but success makes it call again."""
    provider = subscribing.stripe()
    if provider is None:
        raise Http404("There is no account at Stripe.")
    try:
        provider.handle(request.body, request.headers.get("Stripe-Signature", ""))
    except Forged:
        return HttpResponse("This was not signed by Stripe.", status=400, content_type="text/plain")
    except Unavailable:
        return HttpResponse("Please send it again.", status=503, content_type="text/plain")
    return HttpResponse(status=204)


def _owned(request: HttpRequest) -> tuple[Workspace, User]:
    """The workspace that the address names; refused to whom it does not belong."""
    assert isinstance(request.user, User)
    workspace = get_object_or_404(administered(request), slug=request.GET.get("workspace", ""))
    if not owns(request.user, workspace):
        raise PermissionDenied("Only an owner decides about the plan.")
    return workspace, request.user


def _leave(request: HttpRequest, address: str) -> HttpResponse:
    """A page that leads on: a form of ours may not end elsewhere, says the content security policy."""
    context = {"title": TITLE, "address": address}
    return render(request, "billing/leave.html", {**admin.site.each_context(request), **context})


def _here(workspace: Workspace) -> str:
    return f"{reverse('admin:plan')}?workspace={workspace.slug}"


def _back(request: HttpRequest, workspace: Workspace) -> str:
    return request.build_absolute_uri(_here(workspace))


def _is_stripe(subscription: Subscription | None) -> bool:
    return subscription is not None and subscription.provider == Subscription.Provider.STRIPE


def _csv(workspace: Workspace, account: Account) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{workspace.slug}-usage.csv"'
    writer = csv.writer(answer)
    writer.writerow(["first_day", "last_day", *(f"{kind.value}" for kind in Kind)])
    for period, amounts in account.history:
        writer.writerow([period.start, period.last, *(f"{amount:.2f}".removesuffix(".00") for amount in amounts)])
    return answer
