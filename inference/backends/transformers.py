"""Replies by a mixture-of-experts model of transformers, from a local directory.

One thread takes a step of each running reply in turn. Replies share no batch: each has a cache of its own, so it reads
the same whatever else is running.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from jinja2 import TemplateError
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn

from inference.backends.messages import messages
from inference.backends.reply import NO_ROUTING, TRACED, Reply
from inference.checkpoint import CheckpointError
from inference.engine import ReplyStream
from inference.job import FinishReason, Params
from inference.prompt import Brief, Turn
from inference.sampling import choose, sampler
from inference.scheduler import EngineBusy, EngineStopped
from inference.trace import RoutingTrace

log = logging.getLogger(__name__)

Chosen = tuple[NDArray[np.uint8], NDArray[np.float32]]  # ids and weights [layer, token, k]


class Routers:
    """Hears the choice of every router of a model.

    `output_router_logits` would give logits alone, and those do not tell the choice: Ernie adds a bias to it, others
    choose among groups, and weights are a softmax here and a sigmoid there. The very modules that transformers records
    those logits from return logits, weights and ids.
    """

    def __init__(self, model: nn.Module) -> None:
        self.n_experts = 0
        self._heard: list[tuple[Tensor, Tensor]] = []
        kinds = tuple(kind for module in model.modules() for kind in _router_kinds(module))
        for module in model.modules():
            if isinstance(module, kinds):
                module.register_forward_hook(self._hear)

    def take(self) -> Chosen | None:
        """Ids and weights [layer, token, k] of the last forward pass; None when no layer told."""
        heard, self._heard = self._heard, []
        if not heard or self.n_experts > TRACED:
            return None
        ids = torch.stack([ids for ids, _ in heard]).to(torch.uint8)
        weights = torch.stack([weights for _, weights in heard]).float()
        return ids.cpu().numpy(), (weights / weights.sum(dim=-1, keepdim=True)).cpu().numpy()

    def _hear(self, router: nn.Module, given: Any, output: Any) -> None:
        if not isinstance(output, tuple) or len(output) < 3 or output[2].is_floating_point():
            return
        logits, weights, ids = output[:3]
        self.n_experts = logits.shape[-1]
        self._heard.append((ids.flatten(end_dim=-2), weights.flatten(end_dim=-2)))


def _router_kinds(module: nn.Module) -> list[type[nn.Module]]:
    """The classes of routers that a model of transformers names, for those that are of another form as well."""
    named = (getattr(module, "_can_record_outputs", None) or {}).get("router_logits", [])
    recorders = named if isinstance(named, list) else [named]
    return [recorder.target_class for recorder in recorders if getattr(recorder, "target_class", None)]


class Job:
    """A prompt and its reply so far."""

    def __init__(self, prompt: list[int], params: Params) -> None:
        self.reply = Reply(params.deadline)
        self.prompt, self.limit = prompt, params.max_tokens
        self.sampler = sampler(params.temperature, params.top_p, params.seed)
        self.written: list[int] = []
        self.logprobs: list[float] = []
        self.cache: Any = None
        self.chosen: list[Chosen] = []


class TransformersWriter:
    """Writes replies with a model that transformers can load; `stream` and `close` may be called from any thread."""

    def __init__(self, path: Path, *, slots: int = 32, waiting: int = 128) -> None:
        """CheckpointError when the directory holds no whole model with a chat template."""
        self.name = path.name
        self._tokenizer, self._model = _load(path)
        self._routers = Routers(self._model)
        config = self._model.config.get_text_config()
        self._context: int | None = getattr(config, "max_position_embeddings", None)
        self._ends = _ends(self._model, self._tokenizer)
        self._slots, self._limit = slots, waiting
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._wake = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="transformers", daemon=True)
        self._thread.start()

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """Queue a reply to the last turn; ValueError when even that turn alone is too long for the model."""
        job = Job(self._prompt(turns, params), params)
        with self._wake:
            if self._stopped:
                raise EngineStopped("the engine was closed")
            if len(self._waiting) >= self._limit:
                raise EngineBusy(f"{len(self._waiting)} requests are waiting already")
            self._waiting.append(job)
            self._wake.notify()
        return ReplyStream(job.reply)

    def close(self) -> None:
        """Stop the thread; replies that are not finished fail with EngineStopped."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    def _prompt(self, turns: Sequence[Turn], params: Params) -> list[int]:
        """Ids of the prompt; the oldest turns go first when it is too long."""
        room = self._context - params.max_tokens if self._context else None
        for first in range(max(1, len(turns))):
            ids = _encode(self._tokenizer, turns[first:], params)
            if room is None or len(ids) <= room:
                return ids
        raise ValueError(f"the prompt has {len(ids)} tokens, the model leaves room for {room}")

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while self._wait():
                    for job in [*self._running]:
                        self._advance(job)
        finally:
            with self._wake:
                self._stopped = True
            for job in (*self._running, *self._waiting):
                job.reply.fail(EngineStopped("the engine was closed"))

    def _wait(self) -> bool:
        """Sleep until there is work and admit it; false when it is over."""
        with self._wake:
            self._wake.wait_for(lambda: self._stopped or self._waiting or self._running)
            late = [job for job in self._waiting if job.reply.overdue()]
            self._waiting = deque(job for job in self._waiting if job not in late)
            while self._waiting and len(self._running) < self._slots:
                self._running.append(self._waiting.popleft())
        for job in late:
            self._finish(job, job.reply.overdue() or "cancelled")
        return not self._stopped

    def _advance(self, job: Job) -> None:
        """One more token, unless the reply is over."""
        try:
            reason = job.reply.overdue() or self._step(job)
            if reason:
                self._finish(job, reason)
        except Exception as error:
            log.exception("a reply failed")
            reason = "cancelled"
            job.reply.fail(error)
        if reason:
            self._running.remove(job)

    def _step(self, job: Job) -> FinishReason | None:
        """Feed what the cache lacks and take the next token; says why the reply is over, if it is."""
        fed = job.written[-1:] or job.prompt
        ids = torch.tensor([fed], device=self._model.device)
        output = self._model(input_ids=ids, past_key_values=job.cache, use_cache=True, logits_to_keep=1)
        job.cache = output.past_key_values
        if chosen := self._routers.take():
            job.chosen.append(chosen)
        token, logprob = choose(output.logits[0, -1].float().cpu().numpy(), job.sampler)
        job.written.append(token)
        job.logprobs.append(logprob)
        if token in self._ends:
            return "stop"
        self._say(job)
        return "length" if len(job.written) >= job.limit else None

    def _say(self, job: Job, *, last: bool = False) -> None:
        """Hand out what is new in the text; a character that lacks some of its bytes waits for them."""
        text = self._text(job.written)
        if last or not text.endswith("\N{REPLACEMENT CHARACTER}"):
            job.reply.say(text[len(job.reply.text) :])

    def _text(self, ids: list[int]) -> str:
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    def _finish(self, job: Job, reason: FinishReason) -> None:
        self._say(job, last=True)
        job.reply.finish(
            reason,
            prompt_tokens=len(job.prompt),
            completion_tokens=len(job.written),
            logprobs=job.logprobs,
            trace=self._trace(job),
        )

    def _trace(self, job: Job) -> RoutingTrace:
        if not job.chosen:
            return NO_ROUTING
        ids, weights = (np.concatenate(parts, axis=1) for parts in zip(*job.chosen, strict=True))
        shown = [self._tokenizer.decode([index]) for index in [*job.prompt, *job.written][: ids.shape[1]]]
        return RoutingTrace(shown, len(job.prompt), ids, weights, self._routers.n_experts)


def _load(path: Path) -> tuple[Any, Any]:
    """Tokenizer and model, on the GPU where there is one."""
    if not (path / "config.json").is_file():
        raise CheckpointError(f"{path} holds no model: config.json is missing")
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, **local)
        factory: Any = transformers.AutoModelForCausalLM
        model, report = factory.from_pretrained(
            path, dtype="auto", use_safetensors=True, output_loading_info=True, **local
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be loaded: {error}") from error
    if report["missing_keys"]:
        raise CheckpointError(f"{path} lacks weights: {', '.join(sorted(report['missing_keys'])[:3])}")
    _check_template(path, tokenizer)
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _check_template(path: Path, tokenizer: Any) -> None:
    asked = Params(Brief("delivery", "track_order", "answer"))
    turns = [Turn("customer", "Hello"), Turn("agent", "Hello"), Turn("customer", "Where is it?")]
    try:
        _encode(tokenizer, turns, asked)
    except (ValueError, TemplateError) as error:
        raise CheckpointError(f"{path} has no chat template for system, user and assistant: {error}") from error


def _encode(tokenizer: Any, turns: Sequence[Turn], params: Params) -> list[int]:
    encoded = tokenizer.apply_chat_template(messages(turns, params), add_generation_prompt=True, return_dict=True)
    return list(encoded["input_ids"])


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a reply."""
    named = model.generation_config.eos_token_id
    ids = named if isinstance(named, list) else [named]
    return frozenset(index for index in (*ids, tokenizer.eos_token_id) if index is not None)
