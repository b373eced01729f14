"""A column of unit vectors: pgvector's on PostgreSQL, plain bytes on SQLite."""

from __future__ import annotations

from typing import Any

import numpy as np
from pgvector import Vector
from pgvector.django import VectorField

WIDTH = 384


class EmbeddingField(VectorField):
    """A float32 vector [384] as numpy knows it, in either database."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("dimensions", WIDTH)
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return super().db_type(connection) if connection.vendor == "postgresql" else "BLOB"

    def get_prep_value(self, value: Any) -> Any:
        """As it is: what the database takes depends on the connection."""
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | bytes | None:
        """The vector as the database takes it."""
        if value is None:
            return None
        vector = np.asarray(value, np.float32)
        return Vector(vector).to_text() if connection.vendor == "postgresql" else vector.tobytes()

    def from_db_value(self, value: str | bytes | None, expression: Any, connection: Any) -> Any:
        """The vector as the database gives it."""
        if value is None:
            return None
        return np.frombuffer(value, np.float32) if isinstance(value, bytes) else Vector.from_text(value).to_numpy()
