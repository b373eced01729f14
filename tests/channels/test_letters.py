"""What is new in a mail."""

from __future__ import annotations

from supportbot.channels import letters


def test_a_line_in_which_looking_for_quotes_would_take_too_long_stays_whole() -> None:
    line = ("On " * 4_000).strip()
    raw = f"From: a@home.example\r\nSubject: Hello\r\n\r\n{line}\r\n> quoted\r\n".encode()
    assert letters.read(raw).text == f"{line}\n> quoted"


def test_what_is_quoted_and_the_signature_are_left_out() -> None:
    body = "It leaks.\n\n-- \nNora\n\nOn Thu, 26 Nov 2026 at 10:00, Fennmoor <help@shop.example> wrote:\n> Which one?\n"
    assert letters.read(f"From: a@home.example\n\n{body}".encode()).text == "It leaks."
