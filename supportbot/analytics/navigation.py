"""The admin's sidebar, in the order of an administrator's questions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from supportbot.workspaces.administration import is_superuser
from supportbot.workspaces.models import User
from supportbot.workspaces.roles import owned_by


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links; every list is bound to the visitor's workspaces."""
    is_owner = isinstance(request.user, User) and owned_by(request.user).exists()
    workspaces = "Workspaces" if is_superuser(request) else "Workspace"
    owned = [
        ("Plans", "admin:billing_plan_changelist", "sell"),
        ("Subscriptions", "admin:billing_subscription_changelist", "contract"),
        ("Invoices", "admin:billing_invoice_changelist", "request_quote"),
        ("Stripe", "admin:billing_stripeaccount_changelist", "credit_card"),
    ]
    groups = [
        _group(None, ("Today", "admin:index", "space_dashboard")),
        _group(
            "Conversations",
            ("Conversations", "admin:chat_conversation_changelist", "forum"),
            ("Messages", "admin:chat_message_changelist", "chat_bubble"),
            ("Labels", "admin:chat_label_changelist", "label"),
            ("Ratings", "admin:chat_rating_changelist", "star"),
            ("Contacts", "admin:chat_contact_changelist", "contacts"),
            ("Canned responses", "admin:chat_cannedresponse_changelist", "quickreply"),
            ("Macros", "admin:chat_macro_changelist", "play_circle"),
            ("Voice", "admin:voice", "record_voice_over"),
            ("Rules", "admin:rules", "rule"),
            ("Runs of rules", "admin:chat_rulerun_changelist", "receipt_long"),
            ("SLA policies", "admin:chat_slapolicy_changelist", "timer"),
            ("Translation", "admin:chat_translator_changelist", "translate"),
        ),
        _group(
            "Analytics",
            ("Overview", "admin:analytics", "monitoring"),
            ("What changed", "admin:analytics-digest", "trending_up"),
            ("Quality", "admin:analytics-quality", "verified"),
            ("Agents and teams", "admin:analytics-people", "support_agent"),
            ("Ask your data", "admin:analytics-ask", "help"),
            ("Dashboards", "admin:dashboards", "dashboard"),
            ("Datasets", "admin:datasets", "table_chart"),
            ("Counted conversations", "admin:analytics-cases", "table_rows"),
            ("Reports by e-mail", "admin:analytics_report_changelist", "schedule_send"),
            ("Alerts", "admin:analytics_alert_changelist", "notifications_active"),
            ("Analytics settings", "admin:analytics_preferences_changelist", "tune"),
        ),
        _group(
            "Model",
            *([("Models", "admin:models", "deployed_code")] if is_superuser(request) else []),
            ("Expert routing", "admin:routing", "alt_route"),
            ("Own categories", "admin:chat_category_changelist", "category"),
            ("Evaluation", "admin:evaluation", "fact_check"),
            ("Proposals to agents", "admin:chat_suggestionuse_changelist", "assistant"),
            ("Corrections", "admin:chat_correction_changelist", "rate_review"),
            ("Generations", "admin:chat_generation_changelist", "auto_awesome"),
        ),
        _group(
            "Knowledge",
            ("Articles", "admin:knowledge_article_changelist", "article"),
            ("Article drafts", "admin:drafts", "edit_note"),
            ("Collections", "admin:knowledge_collection_changelist", "folder"),
            ("Article feedback", "admin:knowledge_articlefeedback_changelist", "thumbs_up_down"),
            ("Imports", "admin:knowledge_import_changelist", "upload_file"),
            ("Orders", "admin:knowledge_order_changelist", "package_2"),
        ),
        _group(
            "Actions",
            ("Calls of actions", "admin:actions_actioncall_changelist", "bolt"),
            ("Who may use which", "admin:action-uses", "toggle_on"),
            ("Own actions", "admin:actions_customaction_changelist", "webhook"),
            ("Tasks", "inbox-tasks", "task_alt"),
            ("Call-backs", "admin:actions_callback_changelist", "phone_callback"),
            ("Call-back slots", "admin:actions_callbackslot_changelist", "calendar_month"),
            ("Returns", "admin:actions_return_changelist", "assignment_return"),
            ("Invoices sent again", "admin:actions_invoicemail_changelist", "receipt_long"),
            ("Newsletter", "admin:actions_subscription_changelist", "mail"),
        ),
        _group(
            "E-mail",
            ("Mailboxes", "admin:outside_channels_mailbox_changelist", "inbox"),
            ("Mails received", "admin:outside_channels_receivedmail_changelist", "mark_email_unread"),
            ("Mails sent", "admin:outside_channels_outgoingmail_changelist", "outgoing_mail"),
        ),
        _group(
            "Messengers",
            ("Messengers", "admin:outside_channels_messenger_changelist", "forum"),
            ("Messages received", "admin:outside_channels_arrival_changelist", "mark_chat_unread"),
            ("Messages sent", "admin:outside_channels_post_changelist", "send"),
        ),
        _group(
            "Integrations",
            ("API keys", "admin:api_apikey_changelist", "key"),
            ("Webhooks", "admin:api_endpoint_changelist", "webhook"),
            ("Webhook deliveries", "admin:api_delivery_changelist", "outbox"),
            ("API reference", "api-v1:openapi-view", "api"),
        ),
        _group("Plan", ("Plan and usage", "admin:plan", "data_usage"), *(owned if is_superuser(request) else [])),
        _group(
            "People",
            (workspaces, "admin:workspaces_workspace_changelist", "storefront"),
            ("Members", "admin:workspaces_member_changelist", "group"),
            ("Invitations", "admin:workspaces_invitation_changelist", "outgoing_mail"),
            ("Teams", "admin:workspaces_team_changelist", "groups"),
            ("Single sign-on", "admin:workspaces_signon_changelist", "login"),
            ("Users", "admin:workspaces_user_changelist", "person"),
            ("Audit log", "admin:workspaces_auditentry_changelist", "history"),
            *([("Export and deletion", "workspace-data", "archive")] if is_owner else []),
        ),
    ]
    for item in (item for group in groups for item in group["items"] if item["link"] == reverse("admin:analytics")):
        item["active"] = request.path == item["link"]  # the addresses of other pages begin with it
    return groups


def _group(title: str | None, *links: tuple[str, str, str]) -> dict[str, Any]:
    items = [{"title": name, "link": reverse(url), "icon": icon} for name, url, icon in links]
    return {"title": title, "items": items}
