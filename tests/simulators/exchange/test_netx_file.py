"""A .net file read by netx's own rules, from lava-dl's source, has the graph's spikes.

lava-dl itself is not run here: it cannot be installed beside what this project needs
(`benchmarks/netx_reader.py` runs the netx of a checkout). What it would do with a file is done from
its text: its reading of the file, its choice of bits and exponent, and the processes it makes,
which are lava-nc's own.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping import Rounding, map_network
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.netx import obstacles, write
from spinspike.simulators.stimulus import encode_stimulus

PIXELS, CLASSES = 9, 3
Array = NDArray[Any]


def mapped(
    encoding: str = "signed",
    way: Any = "graded",
    *,
    modules: int = 1,
    bits: int = 4,
    seed: int = 0,
    units: int = 20,
) -> SynapseGraph:
    shape = Architecture(
        units=units,
        inputs=PIXELS,
        classes=CLASSES,
        modules=modules,
        link=0.8 if modules > 1 else 0.0,
    )
    network = random_network(shape, np.random.default_rng(seed), centre=np.full(PIXELS, 0.4))
    return map_network(network, encoding=encoding, rounding=Rounding(bits, way))


@dataclasses.dataclass
class Netx:
    """What lava.lib.dl.netx.hdf5.Network takes out of a file."""

    weight: Array
    weight_rec: Array
    bits: int
    exponent: int
    bias: Array
    neuron: dict[str, int]


def netx(path: Path) -> Netx:
    """``NetDict``, ``create_dense`` with rec=True and ``optimize_weight_bits``."""
    with h5py.File(path) as file:
        first, layer = file["layer/0"], file["layer/1"]
        assert len(file["layer"]) == 2
        assert first["type"][()].decode("ascii") == "input"
        assert layer["type"][()].decode("ascii") == "dense_rec"
        assert layer["neuron/type"][()].decode("ascii") == "CUBA"
        weight, recurrent = (layer[n][()].astype(int) for n in ("weight", "weight_rec"))
        bias = layer["bias"][()].astype(int)
        assert tuple(first["shape"][()][::-1]) == (weight.shape[1],)
        assert (np.prod(layer["shape"][()]),) == bias.shape == (len(weight),)
        neuron = {
            "vth": int(layer["neuron/vThMant"][()]),
            "du": int(layer["neuron/iDecay"][()] - 1),
            "dv": int(layer["neuron/vDecay"][()]),
            "bias_exp": 6,
        }
    whole = np.hstack((weight, recurrent))
    most, least = int(whole.max()), int(whole.min())
    assert least >= -256
    assert most <= 254
    mixed = least < 0
    scale = min(
        (127 if mixed else 255) / most if most > 0 else np.inf,
        -128 / least if least < 0 else np.inf,
    )
    shift = int(np.floor(np.log2(scale))) + mixed
    zeros = next((n for n in range(8, 0, -1) if not (whole % 2**n).any()), 0) - mixed
    columns = weight.shape[1]
    return Netx(
        whole[:, :columns] << shift,
        whole[:, columns:] << shift,
        8 - shift - zeros,
        -shift,
        bias,
        neuron,
    )


def held_by_dense(weights: Array, bits: int) -> Array:
    """Weights as lava-nc's Dense keeps them: clipped to 8 bits, lowest bits cleared."""
    mixed = weights.min() < 0 < weights.max()
    cleared = 8 - bits + mixed
    kept = np.clip(weights, -256, 254 if mixed else 255)
    return np.asarray(np.sign(kept) * (np.abs(kept) >> cleared << cleared))


def run(model: Netx, given: Array) -> Array:
    """Spikes (steps, N) of RecurrentDense, whose two Dense deliver one step later."""
    n = len(model.bias)
    weight, recurrent = (held_by_dense(w, model.bits) for w in (model.weight, model.weight_rec))
    u, v, spikes = np.zeros(n, int), np.zeros(n, int), np.zeros((len(given) + 1, n), int)
    arrives = np.zeros(n, int)
    for t, message in enumerate(given, 1):
        u = (np.sign(u) * (np.abs(u) * (4096 - model.neuron["du"] - 1) >> 12)) + (arrives << 6)
        leak = np.sign(v) * (np.abs(v) * (4096 - model.neuron["dv"]) >> 12)
        v = leak + u + (model.bias << model.neuron["bias_exp"])
        spikes[t], v = v > model.neuron["vth"] << 6, np.where(v > model.neuron["vth"] << 6, 0, v)
        arrives = sum(
            (w @ s) >> -model.exponent for w, s in ((weight, message), (recurrent, spikes[t]))
        )
    return spikes[1:]


def told(path: Path, picture: Array, label: int, clamped: int, steps: int) -> Array:
    """The input of each step, as the file says in words."""
    with h5py.File(path) as file:
        own = {name: value[()] for name, value in file["spinspike"].items()}
    low, high = own["input_range"]
    levels = np.round((picture - low) * own["levels"] / (high - low)).astype(int)
    given = np.zeros((steps, 1 + len(picture) + 1 + len(own["readout"])), int)
    given[0, 0] = 1
    given[:, 1 : 1 + len(picture)], given[:, 1 + len(picture)] = levels, own["levels"]
    begin = int(own["modules"])
    given[begin : begin + clamped, 2 + len(picture) + label] = 1
    return np.asarray(given[:, own["sent"]])


def loud(graph: SynapseGraph) -> SynapseGraph:
    """With the strongest supervisory signal that an exponent allows."""
    projections = (
        dataclasses.replace(p, exponent=7) if p.role == "supervisory" else p
        for p in graph.projections
    )
    return dataclasses.replace(graph, projections=tuple(projections))


KINDS = [
    mapped(),
    mapped(way="binary"),
    mapped(bits=3, seed=1),
    mapped(units=60, bits=5, seed=2),
    loud(mapped(units=60, bits=5, seed=2)),
    mapped("dale", modules=2, seed=3),
    mapped("pushpull", seed=4),
]


@pytest.mark.parametrize("graph", KINDS)
def test_netx_would_have_the_graph_s_spikes(graph: SynapseGraph, tmp_path: Path) -> None:
    assert obstacles(graph) == []
    path = tmp_path / "graph.net"
    write(graph, path)
    moved = 0
    for seed in range(4):
        picture = np.rint(np.random.default_rng(seed).random(PIXELS))
        expected = emulated(graph, picture, label=seed % CLASSES)
        given = told(path, picture, seed % CLASSES, clamped=4, steps=len(expected) + 1)
        spikes = run(netx(path), given)
        np.testing.assert_array_equal(spikes[1:], expected)
        moved += int((expected[1:] != expected[:-1]).sum())
    assert moved > 0


def emulated(graph: SynapseGraph, picture: Array, label: int) -> Array:
    given = encode_stimulus(graph, picture[None], labels=np.array([label]))
    recording = Emulator().run(graph, given, Phases(cue=graph.modules, clamped=4, free=8))
    assert recording.spikes is not None
    return np.asarray(recording.spikes[:, 0])


def test_what_a_file_says_matters(tmp_path: Path) -> None:
    """The null: other weights, no start, another label: other spikes."""
    path = tmp_path / "graph.net"
    write(KINDS[0], path)
    picture = np.rint(np.random.default_rng(0).random(PIXELS))
    right = told(path, picture, 0, clamped=4, steps=9)
    model, spikes = netx(path), run(netx(path), right)
    silent = right.copy()
    silent[0] = 0
    assert (run(model, silent) != spikes).any()
    assert (run(model, told(path, picture, 1, clamped=4, steps=9)) != spikes).any()
    wrong = dataclasses.replace(model, weight_rec=-model.weight_rec)
    assert (run(wrong, right) != spikes).any()


IN_LAVA = """
import json
import sys
import spinspike.simulators.lava
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF

folder = sys.argv[1]
file = np.load(folder + "/model.npz")
synapses, neurons = json.load(open(folder + "/settings.json"))
given, bias = file["given"], file["bias"].astype(np.int32)
synapse = Dense(weights=file["weight"], **synapses)
synapse_rec = Dense(weights=file["weight_rec"], **synapses)
neuron = LIF(shape=bias.shape, bias_mant=bias, **neurons)
sink = Sink(shape=bias.shape, buffer=len(given))
Source(data=given.T).s_out.connect(synapse.s_in)
synapse.a_out.connect(neuron.a_in)
neuron.s_out.connect(synapse_rec.s_in)
synapse_rec.a_out.connect(neuron.a_in)
neuron.s_out.connect(sink.a_in)
neuron.run(condition=RunSteps(num_steps=len(given)), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
np.save(folder + "/spikes.npy", sink.data.get().T[1:].astype(bool))
neuron.stop()
"""


@pytest.mark.lava
def test_lava_s_own_processes_have_them_too(tmp_path: Path) -> None:
    """RecurrentDense as netx builds it: two Dense and a LIF, in an interpreter of their own."""
    graph = KINDS[0]
    path = tmp_path / "graph.net"
    write(graph, path)
    picture = np.rint(np.random.default_rng(0).random(PIXELS))
    expected = emulated(graph, picture, 1)
    given = told(path, picture, 1, clamped=4, steps=len(expected) + 1)
    with h5py.File(path) as file:
        message_bits = int(file["spinspike/input_message_bits"][()])
    model = netx(path)
    settings = {
        "weight_exp": model.exponent,
        "num_weight_bits": model.bits,
        "num_message_bits": message_bits,
    }
    arrays = {name: getattr(model, name) for name in ("weight", "weight_rec", "bias")}
    np.savez(tmp_path / "model.npz", given=given, **arrays)
    (tmp_path / "settings.json").write_text(json.dumps([settings, model.neuron], default=int))
    subprocess.run([sys.executable, "-c", IN_LAVA, str(tmp_path)], check=True, timeout=120)
    np.testing.assert_array_equal(np.load(tmp_path / "spikes.npy"), expected)


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (with_delays(mapped(), 2, np.random.default_rng(0)), "delays of up to 2 steps"),
        (mapped(way="bias"), "the image comes by the bias"),
        (mapped(bits=8), r"weights between neurons from -255 to \d+ .*allowed: -128 to 127"),
        (dataclasses.replace(mapped(), projections=()), "no synapses between neurons"),
    ],
)
def test_what_does_not_fit_is_named(graph: SynapseGraph, says: str, tmp_path: Path) -> None:
    (found,) = obstacles(graph)
    with pytest.raises(BadInput, match=rf"does not fit a \.net file: {says}"):
        write(graph, tmp_path / "graph.net")
    assert found
    assert not list(tmp_path.iterdir())


def test_weights_beyond_8_bits_are_shared_out_exactly(tmp_path: Path) -> None:
    """Supervisory synapses are the strongest: their neuron stands in the input several times."""
    graph = loud(mapped(units=60, bits=5, seed=2))
    path = tmp_path / "graph.net"
    write(graph, path)
    with h5py.File(path) as file:
        sent, weight = file["spinspike/sent"][()], file["layer/1/weight"][()].astype(int)
    assert np.abs(weight).max() <= 127
    shared = np.zeros((1 + PIXELS + 1 + CLASSES, graph.neurons), int)
    np.add.at(shared, sent, weight.T)
    unit = 2 ** min(p.exponent for p in graph.projections if p.target != "readout")
    by_hand = np.zeros((CLASSES, graph.neurons), int)
    for p in graph.projections:
        if p.role == "supervisory":
            for k in range(graph.neurons):
                here = slice(p.indptr[k], p.indptr[k + 1])
                strength = p.mantissa[here].astype(int) * 2**p.exponent
                by_hand[p.indices[here], k] += p.sign * strength
    np.testing.assert_array_equal(shared[-CLASSES:] * unit, by_hand)
    assert len(sent) > len(shared)


def test_the_command_writes_it_and_says_beforehand_what_does_not_fit(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    graph_file.save(tmp_path / "fits.h5", KINDS[0])
    graph_file.save(tmp_path / "wide.h5", mapped(bits=8))

    def run(*words: str) -> tuple[int, str]:
        done = program(*words, cwd=tmp_path)
        return done.returncode, done.stdout or done.stderr

    status, shown = run("export", "fits.h5", "--to", "net", "-o", "fits.net", "--json")
    assert (status, json.loads(shown)["files"]) == (0, ["fits.net"])
    assert netx(tmp_path / "fits.net").bias.size == KINDS[0].neurons
    status, shown = run("check", "fits.h5", "--for", "net", "--json")
    assert (status, json.loads(shown)["refused"]) == (0, [])
    notes = json.loads(shown)["notes"]
    assert any("readout neurons: the file has the matrix" in note for note in notes)
    assert any("neurons may spike a step sooner in netx" in note for note in notes)
    status, shown = run("check", "wide.h5", "--for", "net", "--json")
    assert (status, json.loads(shown)["refused"]) == (1, obstacles(mapped(bits=8)))
    status, shown = run("export", "wide.h5", "--to", "net", "-o", "wide.net")
    assert (status, shown.count("\n")) == (2, 1)
    assert shown.startswith("spinspike: this graph does not fit a .net file: weights between")


def test_an_existing_file_is_kept_unless_forced_and_whole_where_the_disk_is_full(
    tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    path = tmp_path / "graph.net"
    path.write_text("mine")
    with pytest.raises(BadInput, match=r"graph\.net exists; .*--force"):
        write(KINDS[0], path)
    assert path.read_text() == "mine"
    with full_disk(1000), pytest.raises(BadInput, match=r"graph\.net cannot be written: .* MB are"):
        write(KINDS[0], path, force=True)
    assert path.read_text() == "mine"
    write(KINDS[0], path, force=True)
    assert h5py.is_hdf5(path)
    assert list(tmp_path.iterdir()) == [path]
