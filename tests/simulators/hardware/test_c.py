"""The C file, compiled with every warning an error and with sanitizers, against the equation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph
from spinspike.mapping.graph.delays import longest_delay
from spinspike.simulators import Phases, Stimulus
from spinspike.simulators.emulator import plain
from spinspike.simulators.exchange.exporter import export
from spinspike.simulators.hardware import c
from spinspike.simulators.hardware.image import image_of
from spinspike.simulators.stimulus import encode_stimulus

from .conftest import plain_membranes, random_graphs

COMPILER = shutil.which("cc") or shutil.which("gcc") or "cc"
STRICT = (
    "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-ffp-contract=off",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DSPINSPIKE_MAIN",
)  # fmt: skip


def ran(
    folder: Path, graph: SynapseGraph, images: np.ndarray, labels: np.ndarray, phases: Phases
) -> tuple[list[np.ndarray], list[int]]:
    """Lines of membranes and spikes of each pattern, and its class."""
    written = export(graph, folder / "network.c", to="c", force=True)
    program = folder / "network"
    call = [COMPILER, *STRICT, "-DSPINSPIKE_TRACE", str(written), "-o", str(program)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    durations = f"{phases.cue} {phases.clamped} {phases.free}"
    lines = [
        f"{durations} {label} {' '.join(map(repr, image))}"
        for label, image in zip(labels.tolist(), images.tolist(), strict=True)
    ]
    out = subprocess.run(
        [str(program)], input="\n".join(lines), capture_output=True, text=True, check=True
    ).stdout
    traces: list[np.ndarray] = []
    classes: list[int] = []
    steps: list[list[int]] = []
    for line in out.splitlines():
        if line.startswith("class"):
            classes.append(int(line.split()[1]))
            traces.append(np.array(steps))
            steps = []
        else:
            steps.append([int(word) for word in line.split()])
    return traces, classes


def held_to_the_equation(
    folder: Path, graph: SynapseGraph, images: np.ndarray, labels: np.ndarray
) -> Stimulus:
    given = encode_stimulus(graph, images, labels=labels)
    phases = Phases(2, 12, 12)
    traces, classes = ran(folder, graph, images, labels, phases)
    spikes, readout = plain.run(graph, given, phases)
    image = image_of(graph)
    size = len(image.kept)
    for b, trace in enumerate(traces):
        # at rest a phase ends early, and its last step stands for the rest: compare what is seen last
        np.testing.assert_array_equal(trace[-1, -size:], spikes[-1, b, image.kept])
        np.testing.assert_array_equal(trace[0, -size:], spikes[0, b, image.kept])
        if readout.size:
            np.testing.assert_array_equal(trace[-1, size : size + len(readout[b])], readout[b])
            assert classes[b] == readout[b].argmax()
        if not longest_delay(graph):
            expected = plain_membranes(graph, given, phases)[:, b, image.kept]
            np.testing.assert_array_equal(trace[:2, :size], expected[: len(trace[:2])])
            np.testing.assert_array_equal(trace[-1, :size], expected[-1])
    return given


def test_random_graphs_do_in_c_what_the_equation_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for graph in random_graphs(6, seed=1):
        binary = graph.io.levels == 1
        images = rng.integers(0, 2, (3, 5)).astype(float) if binary else rng.random((3, 5))
        held_to_the_equation(tmp_path, graph, images, rng.integers(0, graph.classes, 3))


def test_digits_do_and_the_file_says_what_it_takes(tmp_path: Path, graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(20))
    held_to_the_equation(tmp_path, graph, points.inputs, points.labels)
    text = (tmp_path / "network.c").read_text()
    assert c.source(graph) == text  # byte for byte, again
    assert "bytes of flash" in text
    assert "malloc" not in text
    with pytest.raises(BadInput, match="exists"):
        c.write(graph, tmp_path / "network.c")
