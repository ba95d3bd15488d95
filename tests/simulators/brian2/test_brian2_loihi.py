"""A witness that knows nothing of Lava: Brian2Loihi, held by its authors against the chip itself.

It reads the arrays of the exported folder, and its neurons have no bias. A bias is what sources
deliver that spike in every step, split into a high and a low part with an exponent each; another
set of them carries the first one, and spikes in the first step alone.
Source: Michaelis et al. 2022, doi 10.3389/fninf.2022.1015624; brian2-loihi 0.5.2.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import Rounding, SynapseGraph, map_network, permuted_couplings
from spinspike.mapping.certificates.margins import certified
from spinspike.model import NetworkFile
from spinspike.simulators import Emulator, Phases, Stimulus, export
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.brian2_loihi

PROTOCOL = Phases(cue=1, clamped=3, free=8)
LAG = 1  # steps by which a monitor in Brian2Loihi counts less than we do: it begins at 0
EXCITATORY, INHIBITORY = 2, 3  # brian2_loihi.synapse_sign_mode
MEMORY_LESS = {"decay_I": 4096, "decay_v": 4095, "threshold_v_mant": 0}


def by_sign(bias: NDArray[np.int64]) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Sign, exponent and signed mantissas, which together make up a bias of 13 bits."""
    for sign in (1, -1):
        size = np.maximum(sign * bias, 0)
        yield sign, 4, sign * (size >> 4)
        yield sign, 0, sign * (size & 15)


def connect(loihi: Any, source: Any, target: Any, entries: Any, sign: int, exponent: int) -> Any:
    """Synapses of one sign; entries are targets, sources and signed mantissas."""
    rows, columns, weights = entries
    synapses = loihi.LoihiSynapses(
        source, target, w_exp=exponent, sign_mode=EXCITATORY if sign > 0 else INHIBITORY
    )
    synapses.connect(i=columns, j=rows)
    synapses.w = weights
    return synapses


def brian2_loihi_run(folder: Path, given: Stimulus) -> NDArray[np.bool_]:
    """Spikes (K, N) of one pattern on the network that an exported folder holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it writes regular expressions as plain strings
        import brian2
        import brian2_loihi as loihi
    brian2.start_scope()
    brian2.prefs.codegen.target = "numpy"
    arrays = np.load(folder / "arrays.npz")
    head = json.loads(str(arrays["head"]))
    groups = {
        name: loihi.LoihiNeuronGroup(size, refractory=1, **MEMORY_LESS)
        for name, size in head["populations"].items()
    }
    clamping = np.arange(PROTOCOL.cue, PROTOCOL.release)  # generators act at once
    classes = np.flatnonzero(given.supervisor[0])
    index, times = (a.ravel() for a in np.meshgrid(classes, clamping, indexing="ij"))
    parts: list[Any] = [*groups.values()]
    sources = dict(groups)
    for row in head["projections"]:
        if row["source_model"] == "supervisory" and row["source"] not in sources:
            size = row["shape"][1]
            sources[row["source"]] = loihi.LoihiSpikeGeneratorGroup(size, index, times)
            parts.append(sources[row["source"]])
    for number, row in enumerate(head["projections"]):
        if row["target"] in groups:
            indptr = arrays[f"indptr{number}"]
            rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
            entries = rows, arrays[f"indices{number}"], arrays[f"weights{number}"].astype(np.int64)
            ends = sources[row["source"]], groups[row["target"]]
            parts.append(connect(loihi, *ends, entries, row["sign"], row["exponent"]))
    later = np.arange(1, PROTOCOL.total)
    start = 0
    for group in groups.values():
        columns = slice(start, start + group.N)
        start += group.N
        for bias, when in ((given.first_bias, np.array([0])), (given.bias, later)):
            on = loihi.LoihiSpikeGeneratorGroup(1, np.zeros_like(when), when)
            parts.append(on)
            for sign, exponent, weights in by_sign(bias[0, columns]):
                entries = np.arange(group.N), np.zeros(group.N, dtype=np.int64), weights
                parts.append(connect(loihi, on, group, entries, sign, exponent))
    monitors = [loihi.LoihiSpikeMonitor(group) for group in groups.values()]
    loihi.LoihiNetwork(*parts, *monitors).run(PROTOCOL.total)
    found = []
    for group, monitor in zip(groups.values(), monitors, strict=True):
        spikes = np.zeros((PROTOCOL.total, group.N), dtype=np.bool_)
        spikes[np.rint(monitor.t_ * 1000).astype(int) + LAG - 1, monitor.i] = True
        found.append(spikes)
    return np.concatenate(found, axis=1)


def learned(graph: SynapseGraph, pattern: int) -> Stimulus:
    points = graph.fixed_points["learned"].select(slice(pattern, pattern + 1))
    return encode_stimulus(graph, points.inputs, labels=points.labels)


def emulated(graph: SynapseGraph, given: Stimulus) -> NDArray[np.bool_]:
    spikes = Emulator().run(graph, given, PROTOCOL).spikes
    assert spikes is not None
    return spikes[:, 0]


@pytest.mark.parametrize(("bits", "pattern"), [(8, 0), (4, 1)])
def test_the_exported_network_makes_the_same_spikes_there(
    trained: NetworkFile, bits: int, pattern: int, tmp_path: Path
) -> None:
    """All neurons and steps: cue, clamp, release, and the learned fixed point held after it."""
    rounding = Rounding(weight_bits=bits)
    graph = map_network(trained.network, trained.fixed_points, rounding=rounding)
    points = graph.fixed_points["learned"].select(slice(pattern, pattern + 1))
    given = learned(graph, pattern)
    witness = brian2_loihi_run(export(graph, tmp_path / "exported"), given)
    np.testing.assert_array_equal(witness, emulated(graph, given))
    assert certified(graph, points).all()
    assert len({tuple(step) for step in witness}) > 1


def test_the_comparison_fails_for_other_couplings(graph: SynapseGraph, tmp_path: Path) -> None:
    given = learned(graph, 0)
    other = permuted_couplings(graph, np.random.default_rng(0))
    witness = brian2_loihi_run(export(other, tmp_path / "exported"), given)
    assert (witness != emulated(graph, given)).any()
