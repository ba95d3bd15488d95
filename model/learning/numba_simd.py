"""Arithmetic on sixteen patterns at once, in the registers of the processor.

Kernels hold a batch as blocks of shape (rows, 16): one row for each unit or pixel, one column for
each of sixteen patterns. A synapse then touches one row of its source and one of its target,
and the compiler is told that these are vectors instead of having to find out. All functions work
on 32- and 64-bit floats.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16
INT32 = ir.IntType(32)


def _row(context, builder, array_type, array, index):
    """Pointer to row ``index`` of a C-contiguous (rows, 16) array, as a vector."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=array).data
    element = context.get_data_type(array_type.dtype)
    start = builder.gep(data, [builder.mul(index, ir.Constant(index.type, WIDTH))])
    return builder.bitcast(start, ir.VectorType(element, WIDTH).as_pointer())


def _load(context, builder, array_type, array, index):
    pointer = _row(context, builder, array_type, array, index)
    return builder.load(pointer, align=array_type.dtype.bitwidth // 8)


def _splat(builder, scalar):
    undefined = ir.Constant(ir.VectorType(scalar.type, WIDTH), ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
    zeros = ir.Constant(ir.VectorType(INT32, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, undefined, zeros)


def _any(builder, vector):
    """Whether any entry of a vector is not zero."""
    zeros = ir.Constant(vector.type, [0.0] * WIDTH)
    packed = builder.bitcast(builder.fcmp_unordered("!=", vector, zeros), ir.IntType(WIDTH))
    return builder.icmp_unsigned("!=", packed, ir.Constant(packed.type, 0))


def _count(context, builder, mask):
    """Number of true entries of a vector of booleans."""
    packed = builder.bitcast(mask, ir.IntType(WIDTH))
    return builder.zext(builder.ctpop(packed), context.get_value_type(types.intp))


@intrinsic
def add_scaled(typing_context, target, i, weight, source, j):
    """``target[i, :] += weight * source[j, :]``."""

    def generate(context, builder, signature, arguments):
        target_, i_, weight_, source_, j_ = arguments
        pointer = _row(context, builder, target, target_, i_)
        align = target.dtype.bitwidth // 8
        old = builder.load(pointer, align=align)
        vector = _load(context, builder, source, source_, j_)
        product = builder.fmul(_splat(builder, weight_), vector, flags=("contract",))
        builder.store(builder.fadd(old, product, flags=("contract",)), pointer, align=align)
        return context.get_dummy_value()

    return types.void(target, types.intp, target.dtype, source, types.intp), generate


@intrinsic
def dot(typing_context, a, i, b, j):
    """``sum(a[i, :] * b[j, :])``, added up as a tree."""

    def generate(context, builder, signature, arguments):
        a_, i_, b_, j_ = arguments
        total = builder.fmul(_load(context, builder, a, a_, i_), _load(context, builder, b, b_, j_))
        width = WIDTH
        while width > 1:
            width //= 2
            halves = [
                builder.shuffle_vector(
                    total,
                    total,
                    ir.Constant(ir.VectorType(INT32, width), list(range(k, k + width))),
                )
                for k in (0, width)
            ]
            total = builder.fadd(*halves)
        return builder.extract_element(total, ir.Constant(INT32, 0))

    return a.dtype(a, types.intp, b, types.intp), generate


@intrinsic
def weak_row(typing_context, post, target, field, i, kappa):
    """``post[i, :] = target[i, :]`` where ``target field <= kappa``, else 0; how many are left."""

    def generate(context, builder, signature, arguments):
        post_, target_, field_, i_, kappa_ = arguments
        aim = _load(context, builder, target, target_, i_)
        margin = builder.fmul(aim, _load(context, builder, field, field_, i_))
        weak = builder.fcmp_ordered("<=", margin, _splat(builder, kappa_))
        zeros = ir.Constant(aim.type, [0.0] * WIDTH)
        pointer = _row(context, builder, post, post_, i_)
        builder.store(builder.select(weak, aim, zeros), pointer, align=post.dtype.bitwidth // 8)
        return _count(context, builder, weak)

    return types.intp(post, target, field, types.intp, post.dtype), generate


@intrinsic
def count_different(typing_context, a, b, i):
    """How many entries of ``a[i, :]`` and ``b[i, :]`` differ."""

    def generate(context, builder, signature, arguments):
        a_, b_, i_ = arguments
        one, other = _load(context, builder, a, a_, i_), _load(context, builder, b, b_, i_)
        return _count(context, builder, builder.fcmp_unordered("!=", one, other))

    return types.intp(a, b, types.intp), generate


@intrinsic
def follow_row(typing_context, spins, change, field, external, i):
    """Spins of row i go to sign(field + external), sign(0) = +1; whether any of them flipped.

    ``change[i, :]`` becomes what was added to the spins.
    """

    def generate(context, builder, signature, arguments):
        spins_, change_, field_, external_, i_ = arguments
        align = spins.dtype.bitwidth // 8
        total = builder.fadd(
            _load(context, builder, field, field_, i_),
            _load(context, builder, external, external_, i_),
        )
        up, down = (ir.Constant(total.type, [value] * WIDTH) for value in (1.0, -1.0))
        zeros = ir.Constant(total.type, [0.0] * WIDTH)
        moved = builder.select(builder.fcmp_ordered(">=", total, zeros), up, down)
        pointer = _row(context, builder, spins, spins_, i_)
        difference = builder.fsub(moved, builder.load(pointer, align=align))
        builder.store(moved, pointer, align=align)
        builder.store(difference, _row(context, builder, change, change_, i_), align=align)
        return _any(builder, difference)

    return types.boolean(spins, change, field, external, types.intp), generate


@intrinsic
def add_row(typing_context, target, i, weight, indices, start, stop, source):
    """``target[i, :] += sum_k weight[k] * source[indices[k], :]`` for k from start to stop.

    The sum stays in registers until it is complete.
    """

    def generate(context, builder, signature, arguments):
        target_, i_, weight_, indices_, start_, stop_, source_ = arguments
        weights = cgutils.create_struct_proxy(weight)(context, builder, value=weight_).data
        columns = cgutils.create_struct_proxy(indices)(context, builder, value=indices_).data
        pointer = _row(context, builder, target, target_, i_)
        align = target.dtype.bitwidth // 8
        zeros = ir.Constant(
            ir.VectorType(context.get_data_type(target.dtype), WIDTH), [0.0] * WIDTH
        )
        totals = [  # two sums, so that one addition need not wait for the other
            cgutils.alloca_once_value(builder, builder.load(pointer, align=align)),
            cgutils.alloca_once_value(builder, zeros),
        ]

        def add(k, total):
            column = builder.sext(builder.load(builder.gep(columns, [k])), start_.type)
            vector = _load(context, builder, source, source_, column)
            scale = _splat(builder, builder.load(builder.gep(weights, [k])))
            product = builder.fmul(scale, vector, flags=("contract",))
            builder.store(builder.fadd(builder.load(total), product, flags=("contract",)), total)

        one, two = (ir.Constant(start_.type, n) for n in (1, 2))
        odd = builder.and_(builder.sub(stop_, start_), one)
        even = builder.sub(stop_, odd)
        with cgutils.for_range_slice(builder, start_, even, two) as (k, _):
            add(k, totals[0])
            add(builder.add(k, one), totals[1])
        with builder.if_then(builder.icmp_signed("!=", odd, ir.Constant(odd.type, 0))):
            add(even, totals[1])
        both = builder.fadd(*(builder.load(total) for total in totals))
        builder.store(both, pointer, align=align)
        return context.get_dummy_value()

    return (
        types.void(target, types.intp, weight, indices, types.intp, types.intp, source),
        generate,
    )


def _add_dense_rows(count):
    """An intrinsic for ``count`` neighbouring target rows of a dense matrix at once."""

    @intrinsic
    def add_rows(typing_context, target, i, weight, start, stride, columns, stop, first, source):
        """``target[i + r, :] += sum_j weight[start + r stride + j - first] source[j, :]``.

        Summed over j in ``columns[:stop]`` for each r below the count; each row of the source is
        loaded once for all of them, and the sums stay in registers.
        """

        def generate(context, builder, signature, arguments):
            target_, i_, weight_, start_, stride_, columns_, stop_, first_, source_ = arguments
            weights = cgutils.create_struct_proxy(weight)(context, builder, value=weight_).data
            column = cgutils.create_struct_proxy(columns)(context, builder, value=columns_).data
            align = target.dtype.bitwidth // 8
            pointers, totals = [], []
            for r in range(count):
                row = builder.add(i_, ir.Constant(i_.type, r))
                pointers.append(_row(context, builder, target, target_, row))
                value = builder.load(pointers[r], align=align)
                totals.append(cgutils.alloca_once_value(builder, value))
            base = builder.sub(start_, first_)
            with cgutils.for_range(builder, stop_) as loop:
                j = builder.sext(builder.load(builder.gep(column, [loop.index])), i_.type)
                vector = _load(context, builder, source, source_, j)
                place = builder.add(base, j)
                for r in range(count):
                    scale = _splat(builder, builder.load(builder.gep(weights, [place])))
                    product = builder.fmul(scale, vector, flags=("contract",))
                    total = builder.fadd(builder.load(totals[r]), product, flags=("contract",))
                    builder.store(total, totals[r])
                    place = builder.add(place, stride_)
            for pointer, total in zip(pointers, totals, strict=True):
                builder.store(builder.load(total), pointer, align=align)
            return context.get_dummy_value()

        whole = types.intp
        arguments = (target, whole, weight, whole, whole, columns, whole, whole, source)
        return types.void(*arguments), generate

    return add_rows


TOGETHER = 4
add_dense_row = _add_dense_rows(1)
add_dense_rows = _add_dense_rows(TOGETHER)
