"""What the API tells of analytics."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from supportbot.analytics.models import Case, Handler, Outcome
from supportbot.api.schemas import OneOf
from supportbot.chat.models import Conversation


class MeasureOut(Schema):
    """A figure that can be asked for."""

    key: str
    name: str
    about: str = Field(description="Its definition")
    unit: str = Field(description="`count`, `share` (0 to 1), `time` (seconds), `money`, or `score` (1 to 5)")
    good: int = Field(description="1 where more is better, -1 where less is")
    which: str = Field(description="The kind of conversations behind it, for /analytics/conversations")


class DimensionOut(Schema):
    """By what figures are split and filtered."""

    key: str
    name: str


class FigureRow(Schema):
    """The figures of one value of the split."""

    value: str = Field(description="As a filter takes it; of a day, week or month its first day; empty is none")
    name: str = Field(description="In words")
    figures: dict[str, float | None] = Field(description="By measure; null where there is nothing to measure")


class FiguresOut(Schema):
    """Figures of a period."""

    first_day: date
    last_day: date
    time_zone: str = Field(description="Of the days")
    data: list[FigureRow]
    next: str | None = Field(None, description="The cursor of the next page; null at the end")


class CaseOut(Schema):
    """A counted conversation: a stretch of one, from the customer's message until it is settled."""

    conversation: UUID = Field(alias="conversation_id")
    number: int = Field(description="Among those of its conversation, from 1")
    began_at: datetime
    ended_at: datetime | None
    channel: Annotated[str, OneOf(Conversation.Channel)]
    category: str
    language: str
    handler: Annotated[str, OneOf(Handler)]
    outcome: Annotated[str, OneOf(Outcome)]
    reason: str = Field(description="Of the first hand-over")
    team: int | None = Field(alias="team_id")
    agent: int | None = Field(alias="agent_id")
    first_response_s: int | None = Field(alias="first_s")
    people_response_s: int | None = Field(alias="people_s")
    resolution_s: int | None
    reopened: bool
    rating: int | None

    @staticmethod
    def resolve_rating(case: Case) -> int | None:
        """From 1 to 5."""
        return case.score_sum if case.rated else None


class UnderstoodOut(Schema):
    """A question as a query; without measures it was not understood."""

    measures: str
    by: str
    first_day: date
    last_day: date
    filters: dict[str, str]
    unknown: list[str] = Field(description="Words that nothing knows, which are left out")
