"""Products of packed weights with rows of activations, compiled, and the packing itself. Knows nothing of a model.

Weights of 8 bits meet activations of 16: each row has one scale, and the sum in between is a whole number, the same in
any order. Weights in bfloat16 meet float32. Either way a row's result does not depend on the rows beside it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from llvmlite import ir
from numba import float32, njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Storage = Literal["int8", "bfloat16"]
# Sums may be taken in any order; infinities and what is no number keep their meaning.
FAST = {"reassoc", "contract", "arcp", "nsz"}
COMPILED: dict[str, Any] = {"fastmath": FAST, "nogil": True, "error_model": "numpy"}
LANES = 16  # a width must be a multiple of it


class Matrix(NamedTuple):
    """Packed weights [..., rows, width] in int8, or bfloat16 as uint16, and each row's scale [..., rows]."""

    data: NDArray[Any]
    scale: Array


def pack(weight: Tensor, storage: Storage) -> Matrix:
    """Pack float weights [..., rows, width]; ValueError when the width does not fill the vectors."""
    if weight.shape[-1] % LANES:
        raise ValueError(f"a width of {weight.shape[-1]} is no multiple of {LANES}")
    if storage == "bfloat16":
        bits = weight.to(torch.bfloat16).contiguous().view(torch.uint16).numpy()
        return Matrix(bits, np.ones(weight.shape[:-1], np.float32))
    scale = weight.abs().amax(dim=-1).float().clamp_min(1e-30) / 127
    return Matrix((weight / scale.unsqueeze(-1)).round().to(torch.int8).numpy(), scale.numpy())


@njit(**COMPILED)
def part(matrix, index):  # type: ignore[no-untyped-def]
    """One of stacked matrices."""
    return matrix.data[index], matrix.scale[index]


@njit(**COMPILED)
def product(matrix, rows, count, out):  # type: ignore[no-untyped-def]
    """out[b, i] = weight[i] . row[b] for `count` rows as `ready` makes them."""
    data, scale = matrix
    values, scales = rows
    together = count - count % 4
    if together:
        _by_fours(data, values, together, out)
    for b in range(together, count):
        _alone(data, values, b, out)
    for b in range(count):
        own = scales[b]
        for i in range(len(scale)):
            out[b, i] *= scale[i] * own


@njit(**COMPILED)
def _by_fours(data, values, count, out):  # type: ignore[no-untyped-def]
    height, whole = len(data), len(data) - len(data) % 2
    for i in range(0, whole, 2):
        for b in range(0, count, 4):
            _tile_2x4(data, i, values, b, out)
    for i in range(whole, height):
        for b in range(count):
            _tile_1x1(data, i, values, b, out)


@njit(**COMPILED)
def _alone(data, values, b, out):  # type: ignore[no-untyped-def]
    height, whole = len(data), len(data) - len(data) % 8
    for i in range(0, whole, 8):
        _tile_8x1(data, i, values, b, out)
    for i in range(whole, height):
        _tile_1x1(data, i, values, b, out)


def ready(rows: Array, count: int, data: NDArray[Any]) -> tuple[NDArray[Any], Array]:
    """`count` rows of activations as `product` reads them beside weights like `data`, and each row's scale."""
    raise NotImplementedError("only in compiled code")


@overload(ready)
def _ready(rows, count, data):  # type: ignore[no-untyped-def]
    return _ready_short if data.dtype == types.int8 else _ready_float


def _ready_short(rows, count, data):  # type: ignore[no-untyped-def]
    width = rows.shape[1]
    # No sum of `width` products may leave 32 bits.
    limit = float32(min(32767, (2**31 - 1) // (127 * width)))
    values, scales = np.empty((count, width), np.int16), np.empty(count, np.float32)
    for b in range(count):
        highest = float32(1e-30)
        for j in range(width):
            highest = max(highest, abs(rows[b, j]))
        scales[b] = highest / limit
        factor = limit / highest
        for j in range(width):
            values[b, j] = np.int16(np.rint(rows[b, j] * factor))
    return values, scales


def _ready_float(rows, count, data):  # type: ignore[no-untyped-def]
    return rows, np.ones(count, np.float32)


def unpack(matrix: Matrix, row: int, out: Array) -> None:
    """Write one row of packed weights to `out` [width]."""
    raise NotImplementedError("only in compiled code")


@overload(unpack)
def _unpack(matrix, row, out):  # type: ignore[no-untyped-def]
    return _unpack_byte if matrix[0].dtype == types.int8 else _unpack_half


def _unpack_byte(matrix, row, out):  # type: ignore[no-untyped-def]
    for j in range(len(out)):
        out[j] = float32(matrix[0][row, j]) * matrix[1][row]


def _unpack_half(matrix, row, out):  # type: ignore[no-untyped-def]
    for j in range(len(out)):
        out[j] = _float_of(np.int32(matrix[0][row, j]) << np.int32(16))


@njit(**(COMPILED | {"fastmath": False}))
def exp(x):  # type: ignore[no-untyped-def]
    """e to the x in float32, for x up to 88; loops over it become vectors, as those over NumPy's do not."""
    x = max(x, float32(-87))
    whole = np.floor(x * float32(1.44269504) + float32(0.5))
    part = x - whole * float32(0.693359375) + whole * float32(2.12194440e-4)
    series = float32(1.9875691500e-4)
    for term in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        series = series * part + float32(term)
    return (series * part * part + part + float32(1)) * _float_of((np.int32(whole) + np.int32(127)) << np.int32(23))


def _as_float(typing: Any, bits: Any) -> Any:
    """The float32 that has these bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.trunc(arguments[0], _I32) if bits.bitwidth > 32 else arguments[0], _F32)

    return types.float32(bits), build


_float_of: Any = intrinsic(_as_float)
_CODE: Any = cgutils  # untyped
_I8, _I16, _I32, _F32 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.FloatType()


def _tile(rows: int, columns: int) -> Any:
    """A function that writes `rows` x `columns` sums to out[b:, i:], none of them scaled.

    Written as vectors, because only then the sums stay in registers, and whole numbers are multiplied and added in
    pairs (`vpmaddwd` on x86).
    """

    @intrinsic
    def tile(typing: Any, data: Any, i: Any, values: Any, b: Any, out: Any) -> Any:
        add, zero = (_add_pairs, _I32) if data.dtype == types.int8 else (_add_products, _F32)

        def build(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            weight = _Rows(context, builder, data, arguments[0], arguments[1])
            row = _Rows(context, builder, values, arguments[2], arguments[3])
            written = _Rows(context, builder, out, arguments[4], arguments[3])
            start = ir.Constant(ir.VectorType(zero, 8), None)
            sums = [[_CODE.alloca_once_value(builder, start) for _ in range(columns)] for _ in range(rows)]
            step, begin = ir.Constant(weight.width.type, LANES), ir.Constant(weight.width.type, 0)
            with _CODE.for_range_slice(builder, begin, weight.width, step) as (j, _):
                add(builder, [weight.at(r, j) for r in range(rows)], [row.at(c, j) for c in range(columns)], sums)
            totals = _totals(builder, [builder.load(total) for own in sums for total in own])
            for r in range(rows):
                at = builder.add(arguments[1], ir.Constant(weight.width.type, r))
                for c in range(columns):
                    builder.store(totals[r * columns + c], written.at(c, at))
            return context.get_dummy_value()

        return types.void(data, i, values, b, out), build

    return tile


class _Rows:
    """Pointers into the rows of a contiguous array from row `first` on."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, value: Any, first: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder, self._data, self._first = builder, array.data, first
        self.width = _CODE.unpack_tuple(builder, array.shape)[1]

    def at(self, row: int, j: Any) -> Any:
        """The address of element j."""
        row = self._builder.add(self._first, ir.Constant(self.width.type, row))
        return self._builder.gep(self._data, [self._builder.add(self._builder.mul(row, self.width), j)])


def _load(builder: ir.IRBuilder, pointer: Any, element: ir.Type, count: int) -> Any:
    return builder.load(builder.bitcast(pointer, ir.VectorType(element, count).as_pointer()), align=1)


def _add_pairs(builder: ir.IRBuilder, weights: list[Any], rows: list[Any], sums: list[list[Any]]) -> None:
    """Whole numbers: 16 products each, neighbours added up to 8 sums."""
    wide = ir.VectorType(_I32, LANES)
    loaded = [builder.sext(_load(builder, pointer, _I16, LANES), wide) for pointer in rows]
    for pointer, own in zip(weights, sums, strict=True):
        short = builder.sext(_load(builder, pointer, _I8, LANES), ir.VectorType(_I16, LANES))
        weight = builder.sext(short, wide)
        for row, total in zip(loaded, own, strict=True):
            products = builder.mul(weight, row)
            even, odd = (_shuffle(builder, products, range(first, LANES, 2)) for first in (0, 1))
            builder.store(builder.add(builder.load(total), builder.add(even, odd)), total)


def _add_products(builder: ir.IRBuilder, weights: list[Any], rows: list[Any], sums: list[list[Any]]) -> None:
    """bfloat16 is the upper half of float32."""
    whole, shift = ir.VectorType(_I32, 8), ir.Constant(ir.VectorType(_I32, 8), [16] * 8)
    for half in range(0, LANES, 8):
        ahead = [ir.Constant(ir.IntType(64), half)]
        loaded = [_load(builder, builder.gep(pointer, ahead), _F32, 8) for pointer in rows]
        for pointer, own in zip(weights, sums, strict=True):
            bits = builder.zext(_load(builder, builder.gep(pointer, ahead), _I16, 8), whole)
            weight = builder.bitcast(builder.shl(bits, shift), ir.VectorType(_F32, 8))
            for row, total in zip(loaded, own, strict=True):
                products = builder.fmul(weight, row, flags=("contract",))
                builder.store(builder.fadd(builder.load(total), products, flags=("contract",)), total)


def _totals(builder: ir.IRBuilder, vectors: list[Any]) -> list[Any]:
    """Each vector's sum as float32, of four vectors at once; every sum in the same order."""
    whole = vectors[0].type.element == _I32
    add = builder.add if whole else builder.fadd
    out = []
    for start in range(0, len(vectors), 4):
        own = [vectors[min(start + n, len(vectors) - 1)] for n in range(4)]
        while len(own) > 1:
            own = [_neighbours(builder, add, one, other) for one, other in zip(own[::2], own[1::2], strict=True)]
        # Now the sums of the vectors' lower halves, then those of the upper ones.
        halves = [_shuffle(builder, own[0], picked) for picked in (range(4), range(4, 8))]
        sums = add(*halves)
        sums = builder.sitofp(sums, ir.VectorType(_F32, 4)) if whole else sums
        out += [builder.extract_element(sums, ir.Constant(_I32, n)) for n in range(min(4, len(vectors) - start))]
    return out


def _neighbours(builder: ir.IRBuilder, add: Any, one: Any, other: Any) -> Any:
    """Neighbours added up within each half, as `vphaddd` does: two sums of `one`, two of `other`, and so again."""
    picked = [
        [half + first + second for half in (0, 4) for first in (0, 8) for second in (start, start + 2)]
        for start in (0, 1)
    ]
    return add(*(builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_I32, 8), own)) for own in picked))


def _shuffle(builder: ir.IRBuilder, vector: Any, picked: range) -> Any:
    mask = ir.Constant(ir.VectorType(_I32, len(picked)), list(picked))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


_tile_1x1, _tile_8x1, _tile_2x4 = _tile(1, 1), _tile(8, 1), _tile(2, 4)
