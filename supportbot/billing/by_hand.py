"""Plans that the operator gives and invoices by hand, in the admin; a wish for another one goes there by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from supportbot.billing.models import Invoice, Plan, Subscription
from supportbot.billing.periods import Period, today
from supportbot.billing.provider import Charge, Forged, Unavailable
from supportbot.workspaces import pace
from supportbot.workspaces.models import User, Workspace

MOST, WITHIN = 5, 86_400  # e-mails of one workspace, seconds
TEXT = Invoice._meta.get_field("text").max_length


class ByHand:
    """The operator does it."""

    def check_out(self, workspace: Workspace, plan: Plan, *, by: User, back: str) -> str:
        """Ask the operator for it."""
        self._tell(workspace, by, f"asks for the plan {plan} ({plan.price_words})")
        return ""

    def portal(self, subscription: Subscription, *, back: str) -> str:
        """Invoices stand on our own page."""
        return ""

    def cancel(self, subscription: Subscription, *, by: User) -> None:
        """It ends with the present period, and the operator hears of it."""
        end = subscription.period(today()).end
        self._tell(subscription.workspace, by, f"cancels {subscription.plan}; it ends on {end:%-d %B %Y}")
        subscription.ends_on = end
        subscription.save(update_fields=["ends_on"])

    def charge(self, subscription: Subscription, period: Period, charges: Sequence[Charge]) -> None:
        """A draft, which the operator looks at, numbers and sends."""
        plan = subscription.plan
        total = plan.price + sum((charge.amount for charge in charges), Decimal(0))
        if total:
            text = ". ".join([f"{plan}, {period}", *(charge.words for charge in charges)])[:TEXT]
            made = {"text": text, "amount": total, "currency": plan.currency, "state": Invoice.State.DRAFT}
            Invoice.objects.get_or_create(workspace=subscription.workspace, number=f"{period.start}", defaults=made)

    def handle(self, body: bytes, signature: str) -> None:
        """Nobody sends events."""
        raise Forged

    def _tell(self, workspace: Workspace, by: User, what: str) -> None:
        if pace.is_too_much(f"plan-wishes:{workspace.pk}", most=MOST, within=WITHIN):
            raise Unavailable("You have asked several times today. Whoever runs this installation will answer.")
        operators = User.objects.filter(is_superuser=True, is_active=True).values_list("email", flat=True)
        page = settings.SITE_ADDRESS + reverse("admin:billing_subscription_changelist")
        name = " ".join(workspace.name.split())
        text = f"Hello,\n\n{by} ({by.email}) {what}, for the workspace {name} ({workspace.slug}).\n\n{page}\n"
        try:
            for address in operators:
                EmailMessage(f"{name}: a plan", text, to=[address]).send()
        except (OSError, SMTPException) as error:
            raise Unavailable("The e-mail could not be sent. Please try again a little later.") from error
