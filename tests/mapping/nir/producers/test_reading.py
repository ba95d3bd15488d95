"""Files of five tools do under their profile what the tools do; as NIR has them, they do not.

Made by snnTorch 1.0.0, Norse 1.1.0, Sinabs 3.1.3, Rockpool 3.1.0 and Spyx 1.0.0 themselves
(benchmarks/nir_producers.py), outputs included.
"""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.nir.file import read, write
from spinspike.mapping.nir.graph import NIR_FIRING, Firing, NirGraph, Node
from spinspike.mapping.nir.imported import obstacles as for_chip
from spinspike.mapping.nir.notices import notices
from spinspike.mapping.nir.producers import PRODUCERS, Choices, guess, read_as
from spinspike.simulators.exchange.nir_executor import execute

FILES = sorted((Path(__file__).parent / "files").glob("*.nir"))
UNTOLD = (
    "norse_iaf",
    "sinabs_conv",
    "sinabs_iaf_single",
)  # IF alone: nothing tells two tools apart
ONE = np.ones(1)


@cache
def case(path: Path) -> tuple[NirGraph, Choices, NDArray[Any], NDArray[Any]]:
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        words = shlex.split(str(file["options"]))
        options = {n[2:]: value for n, value in zip(words[::2], words[1::2], strict=True)}
        choices = Choices(source=path.stem.split("_")[0], **options)
        return read(path), choices, file["input"], file["output"]


def ran(graph: NirGraph, x: NDArray[Any], dt: float, shape: tuple[int, ...]) -> NDArray[Any]:
    (name,) = graph.named("Input")
    (found,) = execute(graph, {name: x}, dt=dt).values()
    return found.reshape(shape)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_gives_what_the_tool_gives_and_nir_does_not(path: Path) -> None:
    graph, choices, x, wanted = case(path)
    assert np.abs(wanted).sum() > 10
    meant, dt = read_as(graph, choices)
    close = 0.0 if wanted.dtype.kind == "u" else 1e-5
    np.testing.assert_allclose(ran(meant, x, dt, wanted.shape), wanted, rtol=0, atol=close)
    assert any(line.startswith("as ") for line in notices(meant, dt=dt))
    plain, _ = read_as(graph, Choices(dt=dt))
    assert (np.abs(ran(plain, x, dt, wanted.shape) - wanted) > 1e-4).sum() > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_numbers_tell_the_tool_and_the_step(path: Path) -> None:
    graph, choices, _, _ = case(path)
    told = guess(graph)
    assert told == ("" if path.stem in UNTOLD else choices.source)
    if not told:
        with pytest.raises(
            BadInput, match="nothing in the file tells who wrote it; --from takes nir"
        ):
            read_as(graph, Choices(source="auto"))
        with pytest.raises(BadInput, match="does not tell its time step; --dt takes"):
            read_as(graph, Choices(dt="auto"))
        return
    assert read_as(graph, Choices(source="auto"))[1] == read_as(graph, choices)[1]
    assert read_as(graph, Choices(dt="auto"))[1] == read_as(graph, choices)[1]
    assert any(f"--from {told}" in line for line in read_as(graph, Choices(dt=1e-9))[0].read_as)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_written_of_a_file_runs_alike(path: Path, tmp_path: Path) -> None:
    graph, choices, x, wanted = case(path)
    write(tmp_path / "again.nir", graph)
    nir.read(tmp_path / "again.nir")  # which checks the shapes
    again, dt = read_as(read(tmp_path / "again.nir"), choices)
    close = 0.0 if wanted.dtype.kind == "u" else 1e-5
    np.testing.assert_allclose(ran(again, x, dt, wanted.shape), wanted, rtol=0, atol=close)


def test_there_are_files_of_all_tools() -> None:
    assert {path.stem.split("_")[0] for path in FILES} == set(PRODUCERS)


def alone(firing: Firing, **parameters: float) -> NirGraph:
    p = {"tau": 2.0, "r": 2.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0, **parameters}
    neuron = Node("LIF", {name: value * ONE for name, value in p.items()}, firing=firing)
    ends = {kind: Node(kind, {"shape": ONE}) for kind in ("Input", "Output")}
    return NirGraph({**ends, "n": neuron}, (("Input", "n"), ("n", "Output")))


@pytest.mark.parametrize(
    ("firing", "spikes", "membrane"),
    [  # half is kept, 2.5 comes in, then nothing; the threshold is 1
        (Firing(), [1, 0, 0, 0], [0, 0, 0, 0]),
        (Firing(reset="subtract"), [1, 0, 0, 0], [1.5, 0.75, 0.375, 0.1875]),
        (Firing(reset="subtract-late"), [1, 0, 0, 0], [2.5, 0.25, 0.125, 0.0625]),
        (Firing(reset="value-late"), [1, 0, 0, 0], [2.5, 0, 0, 0]),
        (Firing(reset="none"), [1, 1, 0, 0], [2.5, 1.25, 0.625, 0.3125]),
        (Firing("several", "subtract"), [2, 0, 0, 0], [0.5, 0.25, 0.125, 0.0625]),
        (Firing("several"), [2, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_spikes_and_resets_by_hand(
    firing: Firing, spikes: list[float], membrane: list[float]
) -> None:
    x = np.array([2.5, 0, 0, 0])[:, None, None]
    found = execute(alone(firing), {"Input": x}, dt=1.0, record=["n.v"])
    assert found["Output"].ravel().tolist() == spikes
    assert found["n.v"].ravel().tolist() == membrane


def test_one_spike_at_the_threshold_where_a_tool_has_it_so() -> None:
    graph = alone(NIR_FIRING)
    several, dt = read_as(graph, Choices("sinabs", 1.0, "step", "all", "none"))
    one, _ = read_as(graph, Choices("sinabs", 1.0, "step", "all", "none", "one"))
    x = ONE[:, None, None]
    assert execute(several, {"Input": x}, dt=dt)["Output"].ravel().tolist() == [1]
    assert execute(one, {"Input": x}, dt=dt)["Output"].ravel().tolist() == [1]
    assert execute(graph, {"Input": x}, dt=dt)["Output"].ravel().tolist() == [0]  # NIR: above


@pytest.mark.parametrize(("tool", "r"), [("snntorch", np.inf), ("spyx", 1.0)])
def test_beta_1_is_an_infinite_time_constant(tool: str, r: float) -> None:
    graph = alone(NIR_FIRING, tau=np.inf, r=r)
    x = np.full((4, 1, 1), 0.6)
    with pytest.raises(BadInput, match="node n has a tau of infinity; allowed: finite numbers, or"):
        execute(graph, {"Input": x}, dt=1.0)
    meant, dt = read_as(graph, Choices(tool))
    late = tool == "spyx"  # .6 1.2 .8 1.4, and sent a step late
    found = execute(meant, {"Input": x}, dt=dt)["Output"].ravel().tolist()
    assert found == ([0, 0, 1, 0] if late else [0, 1, 0, 1])


@pytest.mark.parametrize("firing", [Firing("several"), Firing(reset="subtract-late")])
def test_what_chips_have_not_is_refused(firing: Firing) -> None:
    problems = for_chip(alone(firing, tau=1.0), dt=1.0)
    assert problems[0].startswith(f"node n has {firing}; allowed: spikes one, reset value")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (Choices(source="x"), "--from is 'x'; allowed: auto, nir, snntorch, norse, sinabs"),
        (Choices(dt="x"), "--dt is 'x'; allowed: a number, or auto"),
        (Choices(dt="0"), "dt is 0.0; allowed: above 0"),
        (Choices(dt="nan"), "dt is nan; allowed: above 0"),
        (Choices(reset="x"), "--reset is 'x'; allowed: value, value-late, subtract, subtract-late"),
        (Choices(spikes="x"), "--spikes is 'x'; allowed: one, several"),
        (Choices("norse", integrate="x"), "--integrate is 'x'; allowed: dt, step"),
        (Choices("rockpool"), "the file does not tell its time step"),
    ],
)
def test_other_choices_are_refused(choices: Choices, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_as(alone(NIR_FIRING, r=-1.0), choices)
