"""Masks leave no trace, and the measures say what is known of a model whose experts serve one category each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference import checkpoint
from inference.config import ModelConfig
from inference.model import Decoder
from inference.moe import MoE, Router, without
from inference.prompt import Brief
from inference.tokenizer import Tokenizer
from training import corpus, finish, masking, specialise

SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "moe_num_experts": 12,
    "moe_intermediate_size": 16,
}
NAMES = [name for name in corpus.CATEGORIES for _ in range(2)]
TURNS = [(f"{name} {name}", Brief(name, "x", "answer"), " ".join([name] * (3 + i % 2))) for i, name in enumerate(NAMES)]
OWN = np.arange(12)


@pytest.fixture(scope="module")
def specialists(shipped_tokenizer: Tokenizer) -> Decoder:
    """Category c goes to expert c alone, which leaves its tokens as they are; every other expert spoils them.

    A token of category c has direction c, all others are 0 and stay it. Attention does nothing.
    """
    model = Decoder(ModelConfig(**SIZES, moe_k=1)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if "norm" in name else 0.0)
        for c, category in enumerate(corpus.CATEGORIES):
            model.embed.weight[shipped_tokenizer.encode(f"{category} {category}"), c] = 1.0
        others = 1 - torch.eye(12)
        for block in model.blocks:
            if isinstance(block.mlp, MoE):
                block.mlp.router.weight[OWN, OWN] = 1.0
                block.mlp.experts.gate_up[:, [0, 16], :12] = others.unsqueeze(1)
                block.mlp.experts.down[:, 63, 0] = 50.0
    return model


@pytest.fixture
def model() -> Decoder:
    """Random weights, and a bias that already moves the choice."""
    torch.manual_seed(0)
    model = Decoder(ModelConfig(**SIZES)).eval()
    for module in model.modules():
        if isinstance(module, Router):
            torch.nn.init.normal_(module.bias, std=0.01)
    return model


@pytest.fixture(scope="module")
def data(shipped_tokenizer: Tokenizer) -> list[masking.Batch]:
    return masking.batches(shipped_tokenizer, TURNS)


@pytest.fixture(scope="module")
def directory(specialists: Decoder, shipped_tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint")
    card = {"name": "specialists", "experts": []}
    checkpoint.save(path, specialists, specialists.config, shipped_tokenizer, card)
    return path


def test_a_masked_expert_is_never_chosen_and_the_weights_of_the_rest_sum_to_one(model: Decoder) -> None:
    with without(model, [0, 7]):
        _, routing = model.hidden(torch.randint(0, 4096, (2, 50)))
    for layer in routing:
        assert not {0, 7} & set(layer.ids.flatten().tolist())
        assert torch.allclose(layer.weights.sum(dim=-1), torch.ones(100))


def test_each_layer_can_have_a_mask_of_its_own(model: Decoder) -> None:
    with without(model, [[0, 1], [2, 3]]):
        _, routing = model.hidden(torch.randint(0, 4096, (2, 50)))
    chosen = [set(layer.ids.flatten().tolist()) for layer in routing]
    assert not {0, 1} & chosen[0] and not {2, 3} & chosen[1]
    assert {2, 3} <= chosen[0] and {0, 1} <= chosen[1]


def test_masking_restores_the_model_exactly_after_an_error_too(model: Decoder) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(KeyError), without(model, [3]):
        raise KeyError
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_masking_refuses_to_leave_fewer_experts_than_a_token_needs(model: Decoder) -> None:
    with pytest.raises(ValueError, match="needs 2"), without(model, range(11)):
        pass


def test_a_loss_is_the_same_alone_and_in_a_batch(
    specialists: Decoder, shipped_tokenizer: Tokenizer, data: list[masking.Batch]
) -> None:
    alone = [masking.reply_losses(specialists, masking.batches(shipped_tokenizer, [turn])) for turn in TURNS]
    assert masking.reply_losses(specialists, data) == pytest.approx(np.concatenate(alone), abs=1e-5)


def test_knocking_out_an_expert_costs_its_own_category_alone(specialists: Decoder, data: list[masking.Batch]) -> None:
    full = masking.reply_losses(specialists, data)
    rises = finish.by_category(masking.knock_out(specialists, data) - full[:, None], NAMES).T
    assert np.all(np.diagonal(rises) > 1)
    assert rises[~np.eye(12, dtype=bool)] == pytest.approx(0, abs=1e-5)
    assert specialise.ratio(rises, OWN[:, None]) > 1
    assert specialise.ratio(rises, specialise.alike(np.ones(12, np.float32), OWN)) == pytest.approx(0, abs=0.1)


def test_keeping_all_experts_changes_nothing(specialists: Decoder, data: list[masking.Batch]) -> None:
    everyone = np.broadcast_to(OWN, (12, 2, 12))
    assert np.array_equal(masking.kept(specialists, data, everyone), masking.reply_losses(specialists, data))


def test_the_own_expert_is_enough_and_another_category_s_is_not(
    specialists: Decoder, data: list[masking.Batch]
) -> None:
    full, own = masking.reply_losses(specialists, data), np.broadcast_to(OWN[:, None, None], (12, 2, 1))
    assert masking.kept(specialists, data, own) == pytest.approx(full, abs=1e-5)
    assert np.all(masking.elsewhere(specialists, data, own) > full + 1)


def test_a_pool_has_the_experts_with_the_highest_share_and_never_fewer_than_a_token_needs() -> None:
    shares = np.eye(12, dtype=np.float32)[[corpus.CATEGORIES.index(name) for name in NAMES]][:, None, :]
    sizes = {part: specialise.pools(shares, NAMES, part, k=2).shape for part in specialise.PARTS}
    assert sizes == {100: (12, 1, 12), 50: (12, 1, 6), 25: (12, 1, 3), 12.5: (12, 1, 2)}
    assert specialise.pools(shares, NAMES, 1, k=4).shape == (12, 1, 4)
    assert specialise.pools(shares, NAMES, 25, k=2)[:, 0, 0].tolist() == OWN.tolist()


def test_an_interval_holds_its_figure_and_has_no_width_where_all_messages_are_alike() -> None:
    values = np.stack([np.ones(24), np.arange(24) % 2], axis=1).astype(np.float32)
    alike, spread = specialise.estimates(lambda x, _: x.mean(axis=0), values, NAMES)
    assert alike == specialise.Estimate(1.0, 1.0, 1.0)
    assert 0.2 < spread.low < spread.value == 0.5 < spread.high < 0.8


def test_the_measures_of_specialists(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specialise, "sample", lambda _: (NAMES, TURNS))
    monkeypatch.setattr(specialise, "DRAWS", 10)
    found = specialise.measure(directory)
    assert found.words.mean.value == pytest.approx(1, abs=1e-3)
    assert found.words.shuffled < found.words.mean.value
    assert found.own == OWN.tolist()
    assert found.lift.value > max(2, found.lift_shuffled)
    assert found.ratio.value > 1 > found.control.value
    assert found.kept["100"].value == found.kept["12.5"].value == pytest.approx(0, abs=1e-3)
    assert found.wrong_pool.value > 20


def test_a_run_prints_the_tables_and_leaves_them_beside_the_checkpoint_without_a_twin(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(specialise, "TWIN", tmp_path / "none")
    monkeypatch.setattr(specialise, "DRAWS", 10)
    assert specialise.main(["--checkpoint", str(directory), "--messages", "1"]) == 0
    found = specialise.Specialisation.load(directory)
    assert (found.name, found.messages, found.seed) == ("specialists", 12, specialise.SEED)
    assert found.version == checkpoint.load(directory)[2].version
    assert capsys.readouterr().out == specialise.tables([found]) + "\n"
    found.save(tmp_path)
    assert specialise.Specialisation.load(tmp_path) == found
    assert len(list(tmp_path.iterdir())) == 1
    twins = next(line for line in specialise.tables([found, found]).splitlines() if line.startswith("| layer"))
    assert twins.count("words, specialists") == twins.count("replies, specialists") == 2
    assert specialise.stored(directory, 1) == found
    assert specialise.stored(directory) is None


def test_what_is_stored_of_other_weights_does_not_count(directory: Path, tmp_path: Path) -> None:
    assert specialise.stored(tmp_path) is None
    (tmp_path / "model.safetensors").write_bytes(b"others")
    (tmp_path / specialise.FILE).write_bytes((directory / specialise.FILE).read_bytes())
    assert specialise.stored(tmp_path) is None
