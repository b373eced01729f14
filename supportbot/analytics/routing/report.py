"""A conversation message by message: what was read, decided and written, and which experts did it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from supportbot.analytics.routing.rewritten import Comparison
from supportbot.analytics.routing.trace_view import TraceView, view
from supportbot.chat import whatif
from supportbot.chat.experts import Cell, Checkpoint, stored_trace
from supportbot.chat.models import Generation, Message
from supportbot.chat.reasons import ACTS, REASONS

NOT_GENERATED = "No words were generated: this text is the system's own."
NOT_TOLD = "The engine that wrote this reply does not tell its routing."
NOT_READ = "The customer’s words were not read by the model."
DELETED = "The routing of this reply was deleted, as the workspace keeps it for a time only; it stays in the sums."
THE_POOL = 0.01  # of the weight, from which on an expert counts as one that worked on a text


@dataclass(frozen=True)
class Bar:
    """A probability with its name."""

    name: str
    value: float


@dataclass(frozen=True)
class Part:
    """One stretch of text under the lens: a view, or words that say why there is none."""

    key: str
    title: str
    view: TraceView | None = None
    problem: str = ""

    @property
    def pool(self) -> list[Cell]:
        """The experts that worked on it, the busiest first."""
        return [cell for cell in self.view.leaders if cell.share >= THE_POOL] if self.view else []


@dataclass(frozen=True)
class Entry:
    """One message and, where the assistant dealt with it, how."""

    message: Message
    generation: Generation | None = None
    parts: tuple[Part, ...] = ()
    categories: tuple[Bar, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    refusal: str = ""

    @property
    def decision(self) -> str:
        """The act in words."""
        return ACTS.get(self.generation.act, self.generation.act) if self.generation else ""

    @property
    def reason(self) -> str:
        """Why, in words."""
        return REASONS.get(self.generation.reason, self.generation.reason) if self.generation else ""

    @property
    def suggested(self) -> str:
        """The what-if that one wants first: without the expert that led the reply."""
        pool = self.parts[0].pool if self.parts else []
        return f"without-{pool[0].expert.number}" if pool else ""

    @property
    def first_token(self) -> str:
        """From the start of generation."""
        seconds = self.generation.first_token_s if self.generation else None
        return "" if seconds is None else _time(seconds)

    @property
    def whole_time(self) -> str:
        """From the customer's message to the saved reply, and of what it consists."""
        work = self.generation
        if work is None:
            return ""
        return f"{_time(work.wait_s + work.total_s)} ({_time(work.wait_s)} in the queue, {_time(work.read_s)} triage)"

    @property
    def tokens_per_second(self) -> float | None:
        """Of the reply from its second token on; the time includes saving it."""
        work = self.generation
        if work is None or work.first_token_s is None or work.completion_tokens < 2:
            return None
        seconds = work.total_s - work.read_s - work.first_token_s
        return (work.completion_tokens - 1) / seconds if seconds > 0 else None


def entries(messages: Iterable[Message], checkpoint: Checkpoint) -> list[Entry]:
    """One entry for each message."""
    return [_entry(message, checkpoint) for message in messages]


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _entry(message: Message, checkpoint: Checkpoint) -> Entry:
    if message.author == Message.Author.CUSTOMER:
        generation = getattr(message, "reply_generation", None)
        return Entry(message, generation, categories=_categories(generation))
    generation = getattr(message, "generation", None)
    if generation is None:
        return Entry(message)
    parts = (_part(generation, "reply", checkpoint), _part(generation, "words", checkpoint))
    comparisons = tuple(Comparison(what_if, message.body) for what_if in generation.what_ifs.all())
    return Entry(message, generation, parts, comparisons=comparisons, refusal=_refusal(generation, checkpoint))


def _refusal(generation: Generation, checkpoint: Checkpoint) -> str:
    is_ours = generation.model_version.partition("+")[0] == checkpoint.version
    other = "" if is_ours else "Another checkpoint than the installed one wrote this reply."
    return whatif.refusal(generation) or other


def _categories(generation: Generation | None) -> tuple[Bar, ...]:
    """The likeliest categories, the likeliest first."""
    ranked = sorted(generation.categories.items(), key=lambda item: -item[1]) if generation else []
    return tuple(Bar(name, value) for name, value in ranked[:4])


def _part(generation: Generation, key: str, checkpoint: Checkpoint) -> Part:
    title = "Reply" if key == "reply" else "Customer’s words"
    data = generation.routing if key == "reply" else generation.reading
    if generation.traces == Generation.Traces.DELETED:
        return Part(key, title, problem=DELETED)
    if not data:
        not_written = NOT_GENERATED if generation.first_token_s is None else NOT_TOLD
        return Part(key, title, problem=not_written if key == "reply" else NOT_READ)
    try:
        trace = stored_trace(data)
        if key == "reply":
            trace = trace.part(slice(trace.prompt_tokens, None))
        shown = view(trace, checkpoint)
    except (ValueError, IndexError) as error:
        return Part(key, title, problem=f"The routing record can’t be read ({error}).")
    return Part(key, title, shown, "" if shown else "The routing record holds no tokens.")
