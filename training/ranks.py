"""One training in several processes that torchrun starts: each has its part of every batch, all the same weights.

Without torchrun there is one process, and nothing here costs anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed.nn  # before a group begins: its defaults would hold the group, whose threads abort the exit
from torch import Tensor
from torch import distributed as dist


@contextmanager
def joined() -> Iterator[None]:
    """Meet the other processes for the time of the block, if torchrun has started any."""
    if "RANK" not in os.environ:
        yield
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
        dist.barrier()  # who leaves first takes the others' connections with it
    finally:
        dist.destroy_process_group()


def count() -> int:
    """How many processes train."""
    return dist.get_world_size() if dist.is_initialized() else 1


def number() -> int:
    """Which of them this is; 0 writes the files."""
    return dist.get_rank() if dist.is_initialized() else 0


def wait() -> None:
    """Until all processes are here."""
    if dist.is_initialized():
        dist.barrier()


def device() -> str:
    """A GPU of this process' own, or the processor."""
    return f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu"


def total(part: Tensor) -> Tensor:
    """The sum over all processes, with its gradient: what is computed from it is the same in each."""
    return _Total.apply(part) if dist.is_initialized() else part  # type: ignore[no-untyped-call]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, part: Tensor) -> Tensor:
        whole = part.contiguous().clone()
        dist.all_reduce(whole)
        return whole

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        whole = gradients[0].contiguous().clone()
        dist.all_reduce(whole)
        return whole
