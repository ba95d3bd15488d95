"""A memory that was exported recalls as it does here: every state at the end, from damaged cues."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spinspike.arrays import SpinArray
from spinspike.mapping import SynapseGraph, map_network
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.model import store
from spinspike.simulators import Emulator, Phases, Recording, encode_stimulus, export
from spinspike.simulators.exchange.netx import obstacles
from spinspike.simulators.exchange.nir_simulator import Nir

PHASES = Phases(cue=1, free=20)


@pytest.fixture(scope="module")
def patterns() -> SpinArray:
    return np.random.default_rng(0).choice(np.array([-1, 1], dtype=np.int8), (3, 40))


@pytest.fixture(scope="module")
def memory(patterns: SpinArray) -> SynapseGraph:
    return map_network(store(patterns))


@pytest.fixture(scope="module")
def cues(patterns: SpinArray) -> SpinArray:
    """A fifth of the units the other way."""
    rng, damaged = np.random.default_rng(1), patterns.copy()
    for cue in damaged:
        cue[rng.permutation(40)[:8]] *= -1
    return damaged


def recalled(graph: SynapseGraph, cues: SpinArray, simulator: Emulator | Nir) -> Recording:
    return simulator.run(graph, encode_stimulus(graph, np.zeros((len(cues), 0)), cue=cues), PHASES)


def test_the_memories_come_back_and_without_couplings_do_not(
    memory: SynapseGraph, patterns: SpinArray, cues: SpinArray
) -> None:
    assert np.array_equal(recalled(memory, cues, Emulator()).states[-1], patterns)
    lost = recalled(without_couplings(memory), cues, Emulator()).states[-1]
    assert not (lost == patterns).all(axis=1).any()


@pytest.mark.parametrize("form", ["populations", "signed", "portable"])
def test_as_nir_every_spike_is_the_same(memory: SynapseGraph, cues: SpinArray, form: str) -> None:
    ours, theirs = (recalled(memory, cues, s) for s in (Emulator(), Nir(form)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(theirs.states, ours.states)


@pytest.mark.lava
def test_the_exported_program_ends_in_the_memory(
    memory: SynapseGraph, patterns: SpinArray, cues: SpinArray, tmp_path: Path
) -> None:
    folder = tmp_path / "program"
    export(memory, folder)
    np.save(tmp_path / "cue.npy", cues[0])
    words = [sys.executable, "network.py", "--state", "../cue.npy", "--output", "../end.npy"]
    first = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert np.array_equal(np.load(tmp_path / "end.npy"), patterns[0])
    again = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "--output is ../end.npy; allowed: a new file" in again.stderr


def test_a_net_file_has_no_state_to_begin_with(memory: SynapseGraph) -> None:
    assert any("a memory is recalled from a cue" in text for text in obstacles(memory))
