"""A passkey in a real browser, whose authenticator is a virtual one: added, used in place of a password, removed."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.e2e.pages import sign_in, visit
from tests.stack import PASSWORD, EmbeddedStack

DEVICE = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
DEVICE |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}


def test_a_passkey_signs_in_without_a_password(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    site = embedded_stack.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to a number
    with visit(browser, f"{site}/account/second-factor/") as page:
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        sign_in(page, "tom")
        page.get_by_role("link", name="Add one").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Name").fill("Laptop")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.goto(f"{site}/account/")
        page.get_by_role("button", name="Sign out here").click()
        page.goto(f"{site}/account/second-factor/")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("link", name="Remove Laptop").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("None yet.")).to_be_visible()
