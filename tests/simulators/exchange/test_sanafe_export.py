"""SANA-FE on its Loihi: the emulator's spikes, and the energy that `mapping.energy` foretells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from spinspike.errors import BadInput, MissingPart
from spinspike.mapping import Rounding, SynapseGraph, load_target, map_network, permuted_couplings
from spinspike.mapping.chips.energy import LOIHI1, Consumption, estimate
from spinspike.mapping.chips.placement import Placement, placed_as
from spinspike.mapping.graph.delays import with_delays
from spinspike.model import NetworkFile
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators import Emulator, Phases, Recording, Stimulus, encode_stimulus
from spinspike.simulators.exchange.sanafe import SanaFe, obstacles, population_spikes, write_run

pytestmark = pytest.mark.sanafe

CLAMPED = Phases(cue=1, clamped=3, free=5)


def scattered(graph: SynapseGraph, cores: int) -> Placement:
    """Neurons dealt out to cores like cards."""
    placed = graph.neurons + graph.io.readout_bias.size
    return placed_as(graph, load_target("loihi1"), np.arange(placed) % cores)


def learned(graph: SynapseGraph, patterns: int) -> Stimulus:
    points = graph.fixed_points["learned"].select(slice(patterns))
    return encode_stimulus(graph, points.inputs, labels=points.labels)


def same(one: Recording, other: Recording) -> bool:
    return all(
        np.array_equal(getattr(one, what), getattr(other, what))
        for what in ("spikes", "states", "readout", "supervisory", "times")
    )


def check_against_emulator_and_estimate(
    graph: SynapseGraph, given: Stimulus, phases: Phases, placement: Placement
) -> Consumption:
    found, used = SanaFe(placement).measure(graph, given, phases)
    assert same(found, Emulator().run(graph, given, phases))
    assert found.spikes is not None
    everyone = population_spikes(graph, given, phases, found.spikes)
    foretold = estimate(graph, placement, everyone)
    for part in ("joules", "synapse", "dendrite", "soma", "network", "seconds"):
        np.testing.assert_allclose(getattr(foretold, part), getattr(used, part), rtol=0.1)
    return used


@pytest.mark.parametrize(
    ("encoding", "bits", "cores"),
    [("signed", 8, 1), ("dale", 8, 3), ("dale", 4, 20), ("pushpull", 2, 45)],
)
def test_spikes_are_the_emulators_and_energy_is_as_foretold(
    trained: NetworkFile, encoding: str, bits: int, cores: int
) -> None:
    """Input alone, the supervisory signal on, and off again, with a readout on the chip."""
    rounding = Rounding(weight_bits=bits)
    graph = map_network(trained.network, trained.fixed_points, encoding=encoding, rounding=rounding)
    given = learned(graph, 3)
    placement = scattered(graph, cores)
    used = check_against_emulator_and_estimate(graph, given, CLAMPED, placement)
    assert (used.joules > 0).all()
    assert not used.dendrite.any()


def small(**settings: Any) -> SynapseGraph:
    architecture = Architecture(units=24, inputs=9, classes=3, **settings)
    network = random_network(architecture, np.random.default_rng(1), centre=np.full(9, 0.5))
    return map_network(network, rounding=Rounding(input="binary"), autapses=False)


@pytest.mark.parametrize("clamped", [0, 2])
@pytest.mark.parametrize("cue", [0, 1, 2])
def test_sources_act_one_step_after_they_spike_whatever_the_phases(cue: int, clamped: int) -> None:
    """Pixels come as spikes, relays carry the self-couplings, the clamp may start at once."""
    graph = small(modules=2, link=0.8)
    images = (np.random.default_rng(0).random((2, 9)) < 0.5).astype(np.float64)
    given = encode_stimulus(graph, images, labels=np.array([2, 0]))
    phases = Phases(cue=cue, clamped=clamped, free=3)
    check_against_emulator_and_estimate(graph, given, phases, scattered(graph, 6))


def test_a_forced_state_stands_in_place_of_the_first_input() -> None:
    graph = small()
    rng = np.random.default_rng(0)
    images = (rng.random((2, 9)) < 0.5).astype(np.float64)
    cue = rng.choice(np.array([-1, 1], dtype=np.int8), (2, 24))
    given = encode_stimulus(graph, images, cue=cue)
    found = SanaFe().run(graph, given, Phases(free=3))
    assert same(found, Emulator().run(graph, given, Phases(free=3)))
    np.testing.assert_array_equal(found.states[0], cue)


def test_what_a_step_leaves_of_a_membrane_is_lavas_residue() -> None:
    """-20000 leaves 312/64 weight units, which a bias of 1 meets with 248 left, then no more."""
    graph = replace(small(), projections=())
    shape = (1, graph.neurons)
    given = encode_stimulus(graph, np.zeros((1, 9)))
    given = replace(given, first_bias=np.full(shape, -20_000), bias=np.ones(shape, dtype=np.int64))
    found = SanaFe().run(graph, given, Phases(free=4))
    assert found.spikes is not None
    np.testing.assert_array_equal(found.spikes[:, 0].all(axis=1), [False, False, True, True, True])
    assert not found.spikes[:2].any()


def test_other_couplings_make_other_spikes(graph: SynapseGraph) -> None:
    """The comparison can fail: it does for the null whose couplings mean nothing."""
    other = permuted_couplings(graph, np.random.default_rng(0))
    found = SanaFe().run(other, learned(graph, 1), CLAMPED)
    assert not same(found, Emulator().run(graph, learned(graph, 1), CLAMPED))


def test_more_cores_are_faster_and_cost_messages_alone(graph: SynapseGraph) -> None:
    given = learned(graph, 1)
    one, many = (
        SanaFe(scattered(graph, cores)).measure(graph, given, CLAMPED)[1] for cores in (1, 30)
    )
    np.testing.assert_allclose(one.synapse, many.synapse)
    np.testing.assert_allclose(one.soma, many.soma)
    assert (many.network > 5 * one.network).all()
    assert (many.seconds < one.seconds / 2).all()


def test_the_exported_files_run_in_sanafe_as_they_are(
    graph: SynapseGraph, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Read and run by SANA-FE alone, without what this package sets afterwards."""
    import sanafe

    given, placement = learned(graph, 3), scattered(graph, 3)
    found, used = SanaFe(placement).measure(graph, given, CLAMPED)
    assert capfd.readouterr().out == ""
    chip, net = write_run(tmp_path, graph, placement, given, CLAMPED, pattern=2)
    architecture = sanafe.load_arch(str(chip))
    loihi = sanafe.SpikingChip(architecture)
    loihi.load(sanafe.load_net(str(net), architecture))
    seen = loihi.sim(CLAMPED.total, spike_trace=True)
    for part in ("synapse", "soma", "network"):
        assert seen["energy"][part] == pytest.approx(getattr(used, part)[:, 2].sum())
    assert seen["sim_time"] == pytest.approx(used.seconds[:, 2].sum())
    assert found.spikes is not None
    fired = [sum(a.group_name in ("E", "I") for a in step) for step in seen["spike_trace"]]
    assert fired == found.spikes[:, 2].sum(axis=1).tolist()


def test_prices_and_mesh_are_those_of_the_exported_chip(tmp_path: Path) -> None:
    graph = small()
    given = encode_stimulus(graph, np.zeros((1, 9)))
    chip, _ = write_run(tmp_path, graph, scattered(graph, 1), given, CLAMPED)
    described = yaml.safe_load(chip.read_text())["architecture"]
    (tile,) = described["tile"]
    (core,) = tile["core"]

    def cost(part: str, name: str) -> dict[str, float]:
        (found,) = [unit["attributes"] for unit in core[part] if unit["name"] == name]
        return {key: float(value) for key, value in numbers(found)}

    soma = cost("soma", "loihi_lif")
    synapse = cost("synapse", "loihi_sparse_synapse")
    out, into = cost("axon_out", "loihi_out"), cost("axon_in", "loihi_in")
    assert synapse == {
        "energy_process_spike": LOIHI1.synapse,
        "latency_process_spike": LOIHI1.synapse_time,
    }
    assert soma["energy_access_neuron"] + soma["energy_update_neuron"] == pytest.approx(
        LOIHI1.neuron
    )
    assert soma["latency_access_neuron"] + soma["latency_update_neuron"] == pytest.approx(
        LOIHI1.neuron_time
    )
    assert (soma["energy_spike_out"], soma["latency_spike_out"]) == (
        LOIHI1.spike,
        LOIHI1.spike_time,
    )
    assert (out["energy_message_out"], out["latency_message_out"]) == (
        LOIHI1.message,
        LOIHI1.message_out_time,
    )
    assert (into["energy_message_in"], into["latency_message_in"]) == (0, LOIHI1.message_in_time)
    for way, hop in (("east", LOIHI1.hop_x), ("west", LOIHI1.hop_x), ("north", LOIHI1.hop_y)):
        assert float(tile["attributes"][f"energy_{way}_hop"]) == hop
    table = described["attributes"]["latency_sync"]
    assert tuple((int(tiles), float(s)) for tiles, s in table.items()) == LOIHI1.sync
    assert described["attributes"]["height"] == LOIHI1.rows
    tiles = described["attributes"]["width"] * described["attributes"]["height"]
    assert (tile["name"], core["name"]) == (f"loihi_tile[0..{tiles - 1}]", "loihi_core[0..3]")
    assert tiles * LOIHI1.cores_per_tile == LOIHI1.cores
    assert core["attributes"]["max_neurons_supported"] == LOIHI1.neurons_per_core


def numbers(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Entries that are numbers; YAML takes 3.0e-12 for one and 0.6e-6 for a text."""
    for key, value in found.items():
        try:
            yield key, float(value)
        except ValueError:
            continue


def test_what_sanafe_cannot_carry_is_refused_before_it_runs(graph: SynapseGraph) -> None:
    late = with_delays(graph, 3, np.random.default_rng(0))
    with pytest.raises(BadInput, match="delays of up to 3 steps; SANA-FE's Loihi allows 0"):
        SanaFe().run(late, learned(graph, 1), CLAMPED)
    graded = replace(graph, io=replace(graph.io, levels=15))
    assert [text.split(";")[0] for text in obstacles(graded)] == ["the input has 15 levels"]
    assert not obstacles(graph)


def test_without_sanafe_it_says_what_to_install(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sanafe", None)
    with pytest.raises(MissingPart, match=r"SANA-FE is not installed: pip install 'spinspike\[san"):
        SanaFe().run(graph, learned(graph, 1), CLAMPED)
