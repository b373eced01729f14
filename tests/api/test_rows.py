"""Contacts, the help centre, people and orders over the API, by the rules that the admin has for them."""

from __future__ import annotations

from typing import Any

from supportbot.chat import services
from supportbot.chat.models import Attachment, CannedResponse, Contact, Conversation, Macro
from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.api.conftest import Machine, machine, now

ORDER: dict[str, Any] = {
    "state": "shipped",
    "placed_on": "2030-01-01",
    "due_on": "2030-01-05",
    "items": "a Brisk kettle",
    "total": "54.00",
    "invoice_number": "FM-1",
}


def test_a_contact_is_described_exported_and_erased(robot: Machine, conversation: Conversation, maya: User) -> None:
    path = f"contacts/{conversation.contact_id}"
    said = {"name": "Ann", "email": "ann@example.com", "attributes": {"plan": "gold", "since": "2024-01-31"}}
    assert robot.ask("PATCH", path, said).json()["attributes"] == said["attributes"]
    described = robot.ask("PATCH", path, {"attributes": {"plan": None}}).json()
    assert (described["name"], described["attributes"]) == ("Ann", {"since": "2024-01-31"})
    assert robot.ask("PATCH", path, {"email": "nobody"}).json()["code"] == "bad_email"
    assert robot.get("contacts?email=ANN@example.com").json()["data"][0]["id"] == conversation.contact_id
    file = {"name": "bill.pdf", "kind": "pdf", "content_type": "application/pdf", "size": 9}
    Attachment.objects.create(workspace=conversation.workspace, message=conversation.messages.get(), **file)
    robot.post("tasks", {"title": "Look for the bill", "conversation": str(conversation.id)})
    export = robot.get(f"{path}/export").json()
    assert [one["title"] for one in export["tasks"]] == ["Look for the bill"]
    assert export["contact"]["email"] == "ann@example.com"
    assert [one["body"] for one in export["messages"]] == ["Where is order 10023?"]
    assert [one["name"] for one in export["messages"][0]["attachments"]] == ["bill.pdf"]
    assert robot.ask("DELETE", path).status_code == 204
    assert robot.get(path).status_code == 404 and not Conversation.objects.exists()
    entry = AuditEntry.objects.get(action="contact.erased")
    assert (entry.actor, entry.details["by"]) == (maya, "agent")


def test_a_task_is_made_listed_and_changed(robot: Machine, conversation: Conversation, maya: User) -> None:
    first = robot.post(
        "tasks", {"title": "Weigh the parcel", "owner": maya.pk, "due_at": "2030-01-31T09:00:00Z"}
    ).json()
    given = {"title": "Refund", "conversation": str(conversation.id), "waits_for": [first["id"]], "tells": True}
    made = robot.post("tasks", {**given, "steps": [{"text": "Ask"}]})
    assert (made.status_code, made.json()["status"], made.json()["tell"]) == (201, "waiting", "wanted")
    path, line = f"tasks/{made.json()['id']}", made.json()["steps"][0]["id"]
    assert robot.ask("PATCH", path, {"status": "done"}).json()["code"] == "waits"
    changed = robot.ask(
        "PATCH", path, {"steps": [{"id": line, "text": "Ask", "is_done": True}], "text": "Twice"}
    ).json()
    assert (changed["steps"], changed["waits_for"]) == ([{"id": line, "text": "Ask", "is_done": True}], [first["id"]])
    assert robot.ask("PATCH", path, {"status": "done", "sure": True}).json()["ended_at"]
    assert [one["id"] for one in robot.get(f"tasks?owner={maya.pk}&status=open").json()["data"]] == [first["id"]]
    assert robot.ask("PATCH", f"tasks/{first['id']}", {"waits_for": [first["id"]]}).json()["code"] == "circle"


def test_what_a_site_vouches_for_stays(robot: Machine, conversation: Conversation) -> None:
    Contact.objects.filter(id=conversation.contact_id).update(external_id="c-7", name="Ann", token_hash="")
    refused = robot.ask("PATCH", f"contacts/{conversation.contact_id}", {"name": "Somebody"})
    assert (refused.status_code, now(conversation).contact.name) == (409, "Ann")
    assert robot.get("contacts?external_id=c-7").json()["data"][0]["verified"] is True


def test_an_article_is_written_changed_and_deleted(robot: Machine, maya: User) -> None:
    shelf = robot.post("collections", {"slug": "orders", "title": "Orders"}).json()
    sent = {"slug": "returns", "title": "Returns", "body": "Within 30 days.", "collection": shelf["id"]}
    made = robot.post("articles", {**sent, "status": "published"})
    assert made.status_code == 201 and made.json()["url"] == "/help/fennmoor/articles/returns/"
    path = f"articles/{made.json()['id']}"
    assert robot.post("articles", sent).json()["code"] == "invalid", "the slug is taken"
    changed = robot.ask("PATCH", path, {"body": "Within 60 days.", "collection": None}).json()
    assert (changed["body"], changed["collection"], changed["status"]) == ("Within 60 days.", None, "published")
    versions = Article.objects.get().versions
    assert list(versions.values_list("number", "author")) == [(2, maya.pk), (1, maya.pk)]
    assert robot.get("articles?status=draft").json()["data"] == []
    assert robot.ask("PATCH", f"collections/{shelf['id']}", {"position": 3}).json()["position"] == 3
    assert robot.ask("DELETE", path).status_code == robot.ask("DELETE", f"collections/{shelf['id']}").status_code == 204
    assert robot.get(path).status_code == robot.get(f"collections/{shelf['id']}").status_code == 404
    log = [(entry["action"], entry["details"]["key"]) for entry in robot.get("audit-log").json()["data"]]
    assert log[:2] == [("collection.deleted", "Robot"), ("article.deleted", "Robot")] and len(log) == 6


def test_a_text_that_a_macro_sends_is_kept(robot: Machine, workspace: Workspace, maya: User) -> None:
    text = robot.post("canned-responses", {"code": "Hello", "title": "Hello", "body": "Hi {{contact.name}}"}).json()
    assert text["code"] == "hello"
    path = f"canned-responses/{text['id']}"
    Macro.objects.create(workspace=workspace, name="Greet", reply_id=text["id"])
    assert robot.ask("DELETE", path).json()["detail"] == "It is in use: Greet."
    assert robot.put(path, {"code": "hi", "title": "Hi", "body": "Hi!"}).json()["code"] == "hi"
    own = CannedResponse.objects.create(workspace=workspace, owner=maya, code="mine", title="Mine", body="Mine")
    assert robot.ask("DELETE", f"canned-responses/{own.pk}").status_code == 404, "an agent's own"


def test_a_member_leaves_and_keys_go_with_them(
    robot: Machine, workspace: Workspace, conversation: Conversation
) -> None:
    ada = User.objects.get(email="ada@fennmoor.example")
    path = f"members/{ada.pk}"
    assert robot.get(path).json()["role"] == "admin"
    kept = robot.ask("DELETE", path)
    assert (kept.status_code, kept.json()["detail"]) == (409, "A workspace keeps at least one administrator.")
    assert robot.ask("DELETE", f"members/{robot.key.user.pk}").json()["code"] == "forbidden"
    Member.objects.filter(user=robot.key.user).update(role=Member.Role.ADMIN)
    hers = machine(workspace)
    hers.key.member = workspace.members.get(user=ada)
    hers.key.save()
    services.take(conversation_id=conversation.id, agent=ada)
    assert robot.ask("DELETE", path).status_code == 204
    assert hers.get("labels").status_code == 401
    assert (now(conversation).handler, now(conversation).assignee) == ("queue", None)
    assert robot.get("audit-log?action=member.removed").json()["data"][0]["actor"]["name"] == "Maya Brandt"
    assert User.objects.get(pk=ada.pk).is_active, "she may work elsewhere"


def test_orders_are_pushed(robot: Machine, workspace: Workspace) -> None:
    assert robot.put("orders/10023", ORDER).status_code == 201
    again = robot.put("orders/10023", {**ORDER, "state": "delivered", "email": "ann@example.com"})
    assert (again.status_code, again.json()["state"]) == (200, "delivered")
    assert Order.objects.in_workspace(workspace).get().email == "ann@example.com"
    assert robot.put("orders/10024", {**ORDER, "email": "nobody"}).json()["errors"][0]["pointer"] == "/body/email"
    assert [row["number"] for row in robot.get("orders?email=ann@example.com").json()["data"]] == ["10023"]
    assert robot.get("orders/10023").json()["total"] == "54.00"
    assert robot.ask("DELETE", "orders/10023").status_code == 204
    assert robot.get("orders/10023").status_code == 404
