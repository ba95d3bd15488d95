"""The exported PyNN program on both its simulators, by closed forms, certificates and its null."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import FixedPoints, IOMap, Population, Projection, SynapseGraph
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.simulators.exchange.pynn import obstacles, omissions, write
from spinspike.simulators.physics.calibration import calibrate
from spinspike.simulators.physics.lif_parameters import LIFParameters

SIMULATORS = ("brian2", "nest")
both = [pytest.mark.pyNN, pytest.mark.nest, pytest.mark.brian2]


def start(folder: Path, *words: object) -> subprocess.Popen[str]:
    """The exported program, in its own folder and process."""
    command = [sys.executable, "network.py", *(str(word) for word in words), "--json"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, error = process.communicate(timeout=300)
    assert process.returncode in (0, 1), error
    found: dict[str, Any] = json.loads(out)
    assert found["held"] is (process.returncode == 0)
    return found


def one_drives_the_other(sign: int) -> SynapseGraph:
    """Neuron 0 at a field of 0.5 brings neuron 1, by a synapse of +-2, to a field of 0.1.

    The supervisory signal takes 0.45 from neuron 0.
    """
    excitatory = sign > 0
    return SynapseGraph(
        encoding="signed",
        weight_bits=8,
        populations=(Population("units", 2), Population("label", 1, "supervisory")),
        projections=(
            Projection(
                source="units",
                target="units",
                role="coupling",
                sign=1 if excitatory else -1,
                exponent=0,
                indptr=np.array([0, 0, 1]),
                indices=np.array([0], dtype=np.int32),
                mantissa=np.array([40], dtype=np.uint8),
            ),
            Projection(
                source="label",
                target="units",
                role="supervisory",
                sign=-1,
                exponent=0,
                indptr=np.array([0, 1, 1]),
                indices=np.array([0], dtype=np.int32),
                mantissa=np.array([9], dtype=np.uint8),
            ),
        ),
        bias=np.array([10, -38 if excitatory else 42]),
        initial_bias=np.zeros(2, dtype=np.int64),
        io=IOMap(
            centre=np.zeros(1),
            gain=1.0,
            input_range=(-1.0, 1.0),
            input_weight=csr_array((2, 1)),
            scale=np.full(2, 20.0),
            readout=np.zeros((1, 2)),
            unit=np.arange(2),
            input_sign=np.ones(2, dtype=np.int64),
            decoder=np.arange(2),
            readout_bias=np.zeros(0, dtype=np.int64),
        ),
        fixed_points={
            "learned": FixedPoints(np.zeros((1, 1)), np.array([0]), np.ones((1, 2), dtype=np.int8))
        },
    )


@pytest.mark.parametrize(
    ("simulator", "sign"),
    [
        pytest.param("nest", 1, marks=both),
        pytest.param("nest", -1, marks=both),
        pytest.param("brian2", 1, marks=both),
    ],
)
def test_synapses_deliver_on_average_what_the_graph_says(
    simulator: str, sign: int, tmp_path: Path
) -> None:
    """Rates of both neurons, by the closed form of a LIF at a constant current.

    The synapse's current of 100 mV times g(T) / g(calibrated), with g(T) = (100 / T) (1 -
    exp(-T / 100)), stands against a bias of -95 mV: 8 % less would silence the neuron. While
    clamped, 22.5 mV less leave the other one 2.5 above its threshold.
    """
    parameters = LIFParameters(noise=0.0, firm_field=0.5)
    folder = write(one_drives_the_other(sign), tmp_path / "pynn", parameters=parameters)
    words = ("--cue", 50, "--clamp", 550, "--hold", 800, "-o", "spikes.npz")
    found = result(start(folder, simulator, *words))
    assert 590 < found["last_supervisory_spike"] < found["release"] == 600
    with np.load(folder / "spikes.npz", allow_pickle=False) as file:
        times, neurons = file["times"], file["neurons"]

    def interval(neuron: int, low: float, high: float) -> float:
        return float(np.diff(times[(neurons == neuron) & (times > low) & (times < high)]).mean())

    driving, driven = interval(0, 1100, 1400), interval(1, 1100, 1400)
    gate = 100 / driving * (1 - np.exp(-driving / 100))
    calibrated = parameters.mean_gate(0.5)
    drive = 50 * ((-38 if sign > 0 else 42) / 20 + sign * 2 * gate / calibrated)
    assert driving == pytest.approx(parameters.interval(0.5), abs=0.75)
    assert driven == pytest.approx(5 + 10 * np.log((5 + drive) / drive), abs=1.0)
    assert interval(0, 400, 600) == pytest.approx(5 + 10 * np.log(7.5 / 2.5), abs=1.5)


@pytest.fixture(scope="module")
def folder(graph: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits network of twins, exported."""
    return write(graph, tmp_path_factory.mktemp("pynn") / "network")


@pytest.fixture(scope="module")
def kept(graph: SynapseGraph) -> FixedPoints:
    """The certified learned states, in their order."""
    points = graph.fixed_points["learned"]
    return points.select(certified(graph, points))


@pytest.mark.pyNN
@pytest.mark.nest
def test_nest_holds_what_is_certified_and_without_couplings_what_is_then(
    graph: SynapseGraph, kept: FixedPoints, folder: Path
) -> None:
    alone = certified(without_couplings(graph), kept)[:4].tolist()
    assert 0 < sum(alone) < 4
    for pattern, by_itself in enumerate(alone):
        words = ("nest", "--pattern", pattern, "--hold", 300)
        assert result(start(folder, *words))["held"]
        bare = result(start(folder, *words, "--uncoupled"))
        assert bare["last_supervisory_spike"] is None
        assert bare["held"] is by_itself
        assert (bare["last_overlap"] == 1.0) is by_itself


@pytest.mark.pyNN
@pytest.mark.nest
@pytest.mark.brian2
def test_both_simulators_hold_a_state_after_the_label_is_gone_and_lose_it_without_couplings(
    graph: SynapseGraph, kept: FixedPoints, folder: Path
) -> None:
    pattern = int(np.flatnonzero(~certified(without_couplings(graph), kept))[0])
    found = {}
    for bare in (False, True):
        words = ["--pattern", pattern, "--clamp", 100, "--hold", 300, "--cue", 80]
        words += ["--uncoupled"] if bare else []
        for simulator in SIMULATORS:
            found[simulator, bare] = result(start(folder, simulator, *words))
    for simulator in SIMULATORS:
        held, lost = found[simulator, False], found[simulator, True]
        assert (held["held"], held["release"], held["last_overlap"]) == (True, 180, 1.0)
        assert not lost["held"]
        assert 160 < held["last_supervisory_spike"] < 180
        assert max(map(int, held["overlap"])) == 480
    one, other = (found[simulator, True]["last_overlap"] for simulator in SIMULATORS)
    assert one == pytest.approx(other, abs=0.05)
    one, other = (found[simulator, False]["spikes"] for simulator in SIMULATORS)
    assert one == pytest.approx(other, rel=0.1)


def test_the_lists_hold_every_weight_of_the_graph(
    graph: SynapseGraph, folder: Path, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    """Divided by their calibration, currents are the integers again; F per gate and scale."""
    p = calibrate(graph)
    head = json.loads((folder / "network.json").read_text())
    first, found = {"E": 0, "I": 100}, np.zeros((200, 200))
    taught = np.zeros((200, 10))
    with np.load(folder / "network.npz", allow_pickle=False) as file:
        for number, q in enumerate(head["projections"]):
            weight = q["sign"] * file[f"weight{number}"]
            assert (file[f"weight{number}"] > 0).all()
            target = file[f"target{number}"] + first[q["target"]]
            unit = p.field_scale / 1000 / graph.io.scale[graph.io.unit[target]]
            if q["role"] == "supervisory":
                taught[target, file[f"source{number}"]] += weight / unit * (100 / 5)
                continue
            coupling = q["role"] == "coupling"
            gate = p.mean_gate(p.firm_field) if coupling else p.last_gate(p.marginal_field)
            found[target, file[f"source{number}"] + first[q["source"]]] += weight / unit * gate
    np.testing.assert_allclose(found, by_hand(graph).weight, atol=1e-9)
    np.testing.assert_allclose(taught, by_hand(graph).signal, atol=1e-9)


def test_the_program_does_not_know_spinspike(folder: Path) -> None:
    names = sorted(file.name for file in folder.iterdir())
    assert names == ["README.md", "network.json", "network.npz", "network.py"]
    assert "spinspike" not in (folder / "network.py").read_text()


def test_delays_are_milliseconds(graph: SynapseGraph, tmp_path: Path) -> None:
    late = with_delays(graph, 2, np.random.default_rng(0))
    head = json.loads((write(late, tmp_path / "late") / "network.json").read_text())
    between = {q["delay"] for q in head["projections"] if q["role"] != "supervisory"}
    assert between == {1.0, 2.0, 3.0}
    assert {q["delay"] for q in head["projections"] if q["role"] == "supervisory"} == {1.0}


def test_what_cannot_be_exported_is_named(graph: SynapseGraph, tmp_path: Path) -> None:
    bare = replace(graph, fixed_points={})
    assert len(obstacles(bare)) == 1
    assert obstacles(graph) == []
    assert obstacles(graph, LIFParameters(conductances=True, mismatch=0.1)) == [
        "conductances is True; allowed for PyNN: False",
        "mismatch is 0.1; allowed for PyNN: 0.0",
    ]
    with pytest.raises(BadInput, match="the graph has no fixed points"):
        write(bare, tmp_path / "bare")
    assert not list(tmp_path.iterdir())
    assert any("readout neurons" in sentence for sentence in omissions(graph))


def test_a_folder_of_others_is_never_replaced(graph: SynapseGraph, tmp_path: Path) -> None:
    place = write(graph, tmp_path / "network")
    with pytest.raises(BadInput, match="network exists; choose another name"):
        write(graph, place)
    write(graph, place, force=True)
    (place / "mine.txt").write_text("precious")
    with pytest.raises(BadInput, match=r"holds mine.txt, which no export writes"):
        write(graph, place, force=True)
    assert (place / "mine.txt").read_text() == "precious"
    with pytest.raises(BadInput, match="none does not exist; create it first"):
        write(graph, tmp_path / "none" / "network")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nest", "--pattern", 100), "--pattern is 100; allowed: 0 to 99"),
        (("nest", "--hold", 0), "--hold is 0; allowed: 1 or more"),
        (
            ("nest", "-o", "network.npz"),
            "network.npz is read by this program; give another name with -o",
        ),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    folder: Path, words: tuple[object, ...], message: str
) -> None:
    process = start(folder, *words)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out, error) == (2, "", f"network.py: {message}\n")


def test_without_pynn_the_program_says_what_to_install(folder: Path) -> None:
    code = (
        "import runpy, sys; sys.modules['pyNN'] = None; sys.argv = ['network.py', 'nest'];"
        "runpy.run_path('network.py', run_name='__main__')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("network.py: ")
    assert done.stderr.endswith("pip install PyNN==0.13.0 nest-simulator\n")
