"""network.txt says enough: a network built from it alone, in plain NumPy, spikes the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.errors import OutOfRange
from spinspike.mapping import Rounding, map_network
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.lava import write as export
from spinspike.simulators.stimulus import encode_stimulus

PIXELS, CLASSES = 7, 3
KINDS: dict[str, dict[str, Any]] = {
    "bias": {},
    "binary": {"encoding": "pushpull", "way": "binary", "autapses": False},
    "graded, two modules": {"encoding": "signed", "way": "graded", "modules": 2},
    "no readout neurons": {"encoding": "dale", "readout": False},
    "delays": {"encoding": "dale", "way": "graded", "modules": 2, "longest": 3},
    "saturated": {"encoding": "signed", "input_scale": 3000.0},
}


def mapped(
    *,
    encoding: str = "dale",
    way: Any = "bias",
    modules: int = 1,
    autapses: bool = True,
    readout: bool = True,
    longest: int = 0,
    input_scale: float = 1.5,
    seed: int = 0,
    bits: int = 8,
) -> SynapseGraph:
    shape = Architecture(
        units=12,
        inputs=PIXELS,
        classes=CLASSES,
        modules=modules,
        input_scale=input_scale,
        link=0.8 if modules > 1 else 0.0,
    )
    graph = map_network(
        random_network(shape, np.random.default_rng(seed), centre=np.full(PIXELS, 0.4)),
        encoding=encoding,
        rounding=Rounding(input=way, weight_bits=bits),
        autapses=autapses,
        on_chip_readout=readout,
    )
    return with_delays(graph, longest, np.random.default_rng(6))


def rebuilt(
    path: Path, x: NDArray[Any], label: int, clamped: int, free: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Spikes (steps, N) and readout membranes, from what network.txt says and nothing else."""
    with np.load(path, allow_pickle=False) as file:
        a = dict(file)
    head = json.loads(str(a["head"]))
    size, G, cue = head["populations"], head["levels"], head["modules"]
    start = dict(zip(size, np.cumsum([0, *size.values()]), strict=False))
    n, steps, (low, high) = sum(size.values()), cue + clamped + free, a["input_range"]
    c = a["offset"]
    if not G:
        win = np.zeros((len(a["scale"]), x.size))
        for i in range(len(win)):
            here = slice(a["input_indptr"][i], a["input_indptr"][i + 1])
            win[i, a["input_indices"][here]] = a["input_data"][here]
        u = np.round(a["scale"] * (win @ ((x - a["centre"]) * a["gain"]))).astype(int)
        c = np.clip(a["input_sign"] * u[a["unit"]] + c, -4095, 4095)
    image = np.append(np.round((x - low) * (G / (high - low))), G).astype(int)
    v, r = np.zeros(n, int), np.zeros(len(a["readout_offset"]), int)
    spikes = np.zeros((steps + 1, n), int)  # row 0: before step 1
    for t in range(1, steps + 1):
        field = c + (a["first_offset"] - a["offset"] if t == 1 else 0)
        score = a["readout_offset"].copy()
        for number, p in enumerate(head["projections"]):
            for k in range(p["shape"][0]):
                for at in range(a[f"indptr{number}"][k], a[f"indptr{number}"][k + 1]):
                    j = a[f"indices{number}"][at]
                    d = a[f"delays{number}"][at] if f"delays{number}" in a else 0
                    if p["source_model"] == "threshold":
                        sent = spikes[t - 1 - d, start[p["source"]] + j] if t - 1 - d > 0 else 0
                    elif p["source_model"] == "supervisory":
                        sent = int(j == label and cue < t <= cue + clamped)
                    else:
                        sent = image[j]
                    weight = int(a[f"weights{number}"][at]) * 2 ** p["exponent"]
                    if p["target"] in head["readout"]:
                        score[k] += weight * sent
                    else:
                        field[start[p["target"]] + k] += weight * sent
        v = np.sign(v) * (np.abs(v) >> 12) + 64 * field
        spikes[t], v = v > 0, np.where(v > 0, 0, v)
        r = np.sign(r) * (np.abs(r) >> 12) + 64 * score
    return spikes[1:], r


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_network_rebuilt_from_the_words_has_the_emulator_s_spikes(
    kind: dict[str, Any], tmp_path: Path
) -> None:
    check(mapped(**kind), tmp_path / "network")


@settings(max_examples=12, deadline=None)
@given(
    encoding=st.sampled_from(["signed", "dale", "pushpull"]),
    way=st.sampled_from(["bias", "binary", "graded"]),
    modules=st.integers(1, 2),
    autapses=st.booleans(),
    readout=st.booleans(),
    longest=st.integers(0, 2),
    seed=st.integers(0, 1000),
    bits=st.integers(3, 8),
)
def test_any_graph_goes_through_the_folder_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, **kind: Any
) -> None:
    try:
        graph = mapped(**kind)
    except OutOfRange:  # too few bits for a strong signal
        reject()
    check(graph, tmp_path_factory.mktemp("folder") / "network")


def check(graph: SynapseGraph, place: Path) -> None:
    folder = export(graph, place)
    picture = np.rint(np.random.default_rng(11).random(PIXELS))
    spikes, membranes = rebuilt(folder / "arrays.npz", picture, 1, clamped=3, free=4)
    given = encode_stimulus(graph, picture[None], labels=np.array([1]))
    recording = Emulator().run(graph, given, Phases(cue=graph.modules, clamped=3, free=4))
    assert recording.spikes is not None
    np.testing.assert_array_equal(spikes, recording.spikes[:, 0])
    if recording.readout is not None:
        np.testing.assert_array_equal(membranes, recording.readout[0])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_words_name_every_array_as_it_is(kind: dict[str, Any], tmp_path: Path) -> None:
    folder = export(mapped(**kind), tmp_path / "network")
    words = (folder / "network.txt").read_text()
    named = re.findall(r"^    (\w+) +(\([\d, ]*\)) +(\w+) +\S", words, re.MULTILINE)
    with np.load(folder / "arrays.npz", allow_pickle=False) as file:
        held = {
            name: (str(a.shape), "text" if a.dtype.kind == "U" else a.dtype.name)
            for name, a in file.items()
        }
        names = [row["name"] for row in json.loads(str(file["head"]))["projections"]]
    assert {name: (shape, kind) for name, shape, kind in named} == held
    assert re.findall(r"^    \d+ +(\S+) +exponent", words, re.MULTILINE) == names
    assert not re.search(r"@[A-Z]+@|spinspike", words)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_run_in_the_words_is_that_of_a_rebuilt_network(
    kind: dict[str, Any], tmp_path: Path
) -> None:
    folder = export(mapped(**kind), tmp_path / "network")
    words = (folder / "network.txt").read_text().partition("6. To check")[2]
    table, _, end = words.partition("Membranes")
    rows = re.findall(r"^    (\d+) +(\d+) +(\d+)$", table, re.MULTILINE)
    told = [[int(number) for number in row] for row in rows]
    membranes = re.findall(r"^    (-?\d+(?: -?\d+)+)$", end, re.MULTILINE)
    picture = np.resize([0.0, 1.0], PIXELS)
    spikes, readout = rebuilt(folder / "arrays.npz", picture, 0, clamped=3, free=5)
    found = [[t, int(row.sum()), int(row.nonzero()[0].sum())] for t, row in enumerate(spikes, 1)]
    assert told == found
    assert any(count for _, count, _ in told)
    assert membranes == ([" ".join(map(str, readout))] if readout.size else [])


def test_one_wrong_weight_shows(tmp_path: Path) -> None:
    """The null of the tests above: another network has other spikes."""
    folder = export(mapped(), tmp_path / "network")
    with np.load(folder / "arrays.npz", allow_pickle=False) as file:
        arrays = dict(file)
    picture = np.resize([0.0, 1.0], PIXELS)
    right, _ = rebuilt(folder / "arrays.npz", picture, 0, clamped=3, free=5)
    arrays["weights0"] = -arrays["weights0"]
    np.savez(tmp_path / "wrong.npz", **arrays)
    wrong, _ = rebuilt(tmp_path / "wrong.npz", picture, 0, clamped=3, free=5)
    assert (right != wrong).any()
