"""The portable form: by hand, with a reset by subtraction, as tools that read it have it."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir.portable import to_portable_nir
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.nir_simulator import feed
from spinspike.simulators.stimulus import encode_stimulus


def drawn(encoding: str) -> SynapseGraph:
    architecture = Architecture(
        units=8, inputs=3, classes=2, sparsity=0.0, self_coupling=0.3, supervisory_scale=0.2
    )
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(3))
    return map_network(network, encoding=encoding)


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
def test_either_reset_spikes_as_the_chip(encoding: str, subtract: bool) -> None:
    graph = drawn(encoding)
    phases = Phases(cue=1, clamped=4, free=8)
    given = encode_stimulus(graph, np.random.default_rng(1).random((6, 3)), labels=np.arange(6) % 2)
    nir = to_portable_nir(graph)
    p = {name: node.parameters for name, node in nir.nodes.items()}
    (x,) = feed(graph, given, phases, nir).values()
    spikes, membrane, found = np.zeros((6, graph.neurons)), 0.0, []
    for now in x:
        field = now @ p["weights_input"]["weight"].T + p["weights_input"]["bias"]
        field = field + spikes @ p["recurrent"]["weight"].T @ p["identity"]["weight"].T
        membrane = field - subtract * p["neurons"]["v_threshold"] * spikes
        spikes = (membrane > p["neurons"]["v_threshold"]) * 1.0
        found.append(spikes)
    wanted = Emulator().run(graph, given, phases).spikes
    assert wanted is not None
    assert 0 < wanted.mean() < 1
    np.testing.assert_array_equal(np.array(found) > 0, wanted)


def test_the_edge_to_the_output_is_the_last_of_the_file(tmp_path: Path) -> None:
    nir_file.write(tmp_path / "x.nir", to_portable_nir(drawn("dale")))
    with h5py.File(tmp_path / "x.nir") as file:
        edges = file["node/edges"].asstr()[:].tolist()
        assert "v_reset" not in file["node/nodes/neurons"]
    assert edges[-1] == ["neurons", "output"]
    assert len(edges) == 6


def test_delays_are_refused() -> None:
    late = with_delays(drawn("signed"), 2, np.random.default_rng(0))
    with pytest.raises(
        BadInput, match="delays of up to 2 steps; allowed in the portable form: non"
    ):
        to_portable_nir(late)
