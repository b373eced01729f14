"""Where words stand in messages, notes and contacts, kept by the database itself.

`postgres` and `sqlite` have the same `find`; triggers keep both in step, whoever writes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Indexed:
    """A table with text: its columns, and how a row's workspace is found; `{0}` is the row."""

    table: str
    columns: tuple[str, ...]
    workspace: str
    newest: str  # the column that orders what is found

    def text(self, row: str) -> str:
        """The words of a row, as SQL."""
        return " || ' ' || ".join(f"{row}.{column}" for column in self.columns)


OF_CONVERSATION = "(SELECT workspace_id FROM chat_conversation WHERE id = {0}.conversation_id)"
MESSAGES = Indexed("chat_message", ("body",), OF_CONVERSATION, "created_at")
REMARKS = Indexed("chat_remark", ("body",), OF_CONVERSATION, "created_at")
CONTACTS = Indexed("chat_contact", ("name", "email"), "{0}.workspace_id", "seen_at")
TABLES = (MESSAGES, REMARKS, CONTACTS)
BEGUN = 3  # letters from which a word is also looked for by its beginning
