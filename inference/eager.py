"""The same pass as `inference.fused` on the model as PyTorch has it: what the compiled one is held against.

Float32, one sequence after another; several times slower.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inference.fused import Rows, Scores
from inference.model import Decoder, KVCache
from inference.moe import without
from inference.slots import Slots


class EagerDecoder:
    """A model that reads rows into slots."""

    def __init__(self, model: Decoder) -> None:
        self.config, self._model = model.config, model

    @torch.inference_mode()
    def forward(self, rows: Rows, asking: NDArray[np.int64], slots: Slots) -> Scores:
        """See `FusedDecoder.forward`."""
        keys, values = (torch.from_numpy(cached).transpose(0, 1) for cached in (slots.keys, slots.values))
        cache, hidden = KVCache(keys, values), []
        for slot in dict.fromkeys(rows[1].tolist()):
            tokens, _, positions = rows[:, rows[1] == slot]
            at = torch.from_numpy(positions).unsqueeze(0)
            with without(self._model, np.flatnonzero(slots.off[slot])):
                states, routing = self._model.hidden(
                    torch.from_numpy(tokens).unsqueeze(0), cache.rows(slot, slot + 1), at
                )
            hidden.append(states[0])
            for layer, routed in enumerate(routing):
                slots.ids[slot, layer, positions] = routed.ids.numpy()
                slots.weights[slot, layer, positions] = routed.weights.numpy()
        logits = self._model.logits(torch.cat(hidden)[torch.from_numpy(asking)])
        logits.masked_fill_(torch.from_numpy(slots.banned[rows[1, asking]]), -torch.inf)
        return Scores(logits.numpy(), logits.logsumexp(dim=-1).numpy(), logits.argmax(dim=-1).numpy())
