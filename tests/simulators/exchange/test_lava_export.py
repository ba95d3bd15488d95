"""The exported folder works alone: same class and spikes as the emulator, errors in one line."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping import Rounding, map_network
from spinspike.mapping.graph.codec import bias, input_levels
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange import lava as lava_export
from spinspike.simulators.exchange.lava import write as export
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.lava

PIXELS, CLASSES = 16, 4


def mapped(
    *,
    encoding: str = "dale",
    way: InputMode = "bias",
    modules: int = 1,
    input_scale: float = 1.5,
    autapses: bool = True,
    on_chip_readout: bool = True,
    longest_delay: int = 0,
    deaf: tuple[str, ...] = (),
    absent: bool = False,
) -> SynapseGraph:
    """A graph, whose neurons may be deaf to some others, which may even be absent."""
    shape = Architecture(
        units=60 // modules,
        inputs=PIXELS,
        classes=CLASSES,
        modules=modules,
        input_scale=input_scale,
        link=0.8 if modules > 1 else 0.0,
    )
    graph = map_network(
        random_network(shape, np.random.default_rng(5), centre=np.full(PIXELS, 0.4)),
        encoding=encoding,
        rounding=Rounding(input=way),
        autapses=autapses,
        on_chip_readout=on_chip_readout,
    )
    graph = dataclasses.replace(
        graph,
        projections=tuple(p for p in graph.projections if p.role not in deaf),
        populations=tuple(p for p in graph.populations if not (absent and p.neuron in deaf)),
    )
    return with_delays(graph, longest_delay, np.random.default_rng(6))


@pytest.fixture(scope="module")
def graph() -> SynapseGraph:
    return mapped()


@pytest.fixture(scope="module")
def folder(graph: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(graph, tmp_path_factory.mktemp("export") / "network")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "image.npy"
    np.save(path, np.random.default_rng(11).random((4, 4)))
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which importing spinspike fails."""
    block = tmp_path_factory.mktemp("block") / "spinspike"
    block.mkdir()
    (block / "__init__.py").write_text("raise ImportError('spinspike must not be imported')\n")
    return {**os.environ, "PYTHONPATH": str(block.parent)}


def run(
    folder: Path, *arguments: str | Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "network.py"), *map(str, arguments)]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("label", [None, 2])
def test_the_program_alone_ends_where_the_emulator_ends(
    label: int | None, graph: SynapseGraph, folder: Path, image: Path, alone: dict[str, str]
) -> None:
    options = [] if label is None else ["--label", str(label), "--clamped", "6"]
    done = run(folder, image, "--json", "--steps", "12", *options, env=alone)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == expected(graph, np.load(image), label, clamped=6, free=12)


@pytest.mark.parametrize(
    "kind",
    [
        {"encoding": "signed", "way": "graded"},
        {"encoding": "pushpull", "way": "binary", "autapses": False},
        {"encoding": "pushpull", "way": "graded", "modules": 2},
        {"encoding": "signed", "on_chip_readout": False},
        {"encoding": "dale", "input_scale": 3000.0},  # beyond 24 bits if it did not saturate
        {"encoding": "dale", "longest_delay": 4},
        {"encoding": "dale", "way": "binary", "modules": 3, "longest_delay": 2},
        {"encoding": "signed", "modules": 2},
        {"deaf": ("supervisory", "input"), "way": "binary"},
        {"deaf": ("supervisory",), "absent": True},
    ],
    ids=str,
)
def test_every_kind_of_graph_ends_where_the_emulator_ends(
    kind: dict[str, Any], tmp_path: Path, alone: dict[str, str]
) -> None:
    graph = mapped(**kind)
    folder = export(graph, tmp_path / "network")
    picture = np.rint(np.random.default_rng(11).random(PIXELS))
    np.save(tmp_path / "image.npy", picture)
    options = ["--json", "--label", "1", "--clamped", "3", "--steps", "6"]
    done = run(folder, tmp_path / "image.npy", *options, env=alone)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == expected(graph, picture, 1, clamped=3, free=6)


def test_what_nothing_listens_to_is_no_hindrance(tmp_path: Path, alone: dict[str, str]) -> None:
    """Without synapses of the label and of the image, Lava knew no process that feeds a port."""
    graph = mapped(way="binary")
    deaf = replace(
        graph,
        populations=tuple(p for p in graph.populations if p.neuron != "supervisory"),
        projections=tuple(p for p in graph.projections if p.role not in ("supervisory", "input")),
    )
    folder = export(deaf, tmp_path / "network")
    picture = np.rint(np.random.default_rng(11).random(PIXELS))
    np.save(tmp_path / "image.npy", picture)
    done = run(folder, tmp_path / "image.npy", "--json", "--steps", "6", env=alone)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == expected(deaf, picture, None, clamped=0, free=6)


def expected(
    graph: SynapseGraph, picture: FloatArray, label: int | None, *, clamped: int, free: int
) -> dict[str, Any]:
    """What the program must print, by the emulator."""
    labels = None if label is None else np.array([label])
    given = encode_stimulus(graph, picture.reshape(1, PIXELS), labels=labels)
    phases = Phases(cue=graph.modules, clamped=0 if label is None else clamped, free=free)
    recording = Emulator().run(graph, given, phases)
    assert recording.spikes is not None
    states = recording.states[:, 0]
    scores = list(graph.io.readout @ states[-1])
    if recording.readout is not None:
        scores = [membrane / 64 for membrane in recording.readout[0]]
    return {
        "class": int(np.argmax(scores)),
        "scores": pytest.approx(scores, abs=1e-5),
        "settled": bool((states[-1] == states[-2]).all()),
        "steps": phases.total,
        "release": phases.release,
        "units_changed_since_release": int((states[-1] != states[phases.release - 1]).sum()),
        "spikes_in_last_step": int(recording.spikes[-1].sum()),
    }


def test_the_class_is_printed_in_one_line(
    graph: SynapseGraph, folder: Path, image: Path, alone: dict[str, str]
) -> None:
    done = run(folder, image, "--steps", "20", env=alone)
    given = encode_stimulus(graph, np.load(image).reshape(1, PIXELS))
    recording = Emulator().run(graph, given, Phases(cue=1, free=20))
    assert recording.readout is not None
    states = recording.states[:, 0]
    state = "settled" if (states[-1] == states[-2]).all() else "still moving"
    assert done.stdout == f"class {recording.readout[0].argmax()} ({state} after 21 steps)\n"


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import lava_mends
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from processes import AttractorNetwork

def connect(values, port):
    Source(data=values[:, None]).s_out.connect(getattr(network, port))

if __name__ == "__main__":
    given, levels = np.load("given.npy"), np.load("levels.npy")
    network = AttractorNetwork(
        np.load({folder!r} + "/arrays.npz"), levels=levels if levels.size else None
    )
    sinks = []
    start = 0
    for name, size in {populations}.items():
        sinks.append(Sink(shape=(size,), buffer=8))
        getattr(network, "spikes_" + name).connect(sinks[-1].a_in)
        if not levels.size:
            connect(given[start : start + size], "input_" + name)
        start += size
    if levels.size:
        connect(levels, "image")
    config = Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)
    network.run(condition=RunSteps(num_steps=8), run_cfg=config)
    np.save("spikes.npy", np.concatenate([sink.data.get() for sink in sinks]).T)
    np.save("readout.npy", network.readout.get())
    network.stop()
"""


@pytest.mark.parametrize(
    "kind",
    [
        {"encoding": "dale"},
        {"encoding": "signed", "way": "graded"},
        {"encoding": "pushpull", "way": "graded", "modules": 2, "autapses": False},
        {"encoding": "dale", "longest_delay": 3},
    ],
    ids=str,
)
def test_the_process_drops_into_a_program_of_the_users_own(
    kind: dict[str, Any], tmp_path: Path, alone: dict[str, str]
) -> None:
    """Every spike and the readout's membranes are the emulator's."""
    graph = mapped(**kind)
    folder = export(graph, tmp_path / "network")
    populations = {name: graph.sizes[name] for name in graph.slices()}
    program = tmp_path / "users_own.py"
    program.write_text(PROGRAM.format(folder=str(folder), populations=populations))
    picture = np.random.default_rng(3).random((1, PIXELS))
    np.save(tmp_path / "given.npy", bias(graph, picture)[0] - graph.bias)
    np.save(tmp_path / "levels.npy", input_levels(graph, picture)[0])
    subprocess.run([sys.executable, str(program)], env=alone, cwd=tmp_path, check=True, timeout=60)
    recording = Emulator().run(graph, encode_stimulus(graph, picture), Phases(cue=1, free=7))
    assert recording.spikes is not None
    assert recording.readout is not None
    spikes = np.load(tmp_path / "spikes.npy").astype(bool)
    np.testing.assert_array_equal(spikes, recording.spikes[:, 0])
    np.testing.assert_array_equal(np.load(tmp_path / "readout.npy"), recording.readout[0])


def test_a_grey_pixel_is_refused_where_spikes_are_binary(
    tmp_path: Path, alone: dict[str, str]
) -> None:
    folder = export(mapped(way="binary"), tmp_path / "network")
    np.save(tmp_path / "image.npy", np.full(PIXELS, 0.25))
    done = run(folder, tmp_path / "image.npy", env=alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "network.py: a pixel is 0.25; the network takes 0 and 1 alone\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (np.zeros(5), "has shape (5,); allowed: 16 pixels"),
        (np.full(PIXELS, np.nan), "range from nan to nan; allowed: 0 to 1"),
        (np.full(PIXELS, 1.5), "range from 1.5 to 1.5; allowed: 0 to 1"),
        (np.array(["a"] * PIXELS), "does not hold numbers; allowed: one array of 16 pixels"),
        (np.array([None] * PIXELS), "Object arrays cannot be loaded when allow_pickle=False"),
        (b"no array", "is not a .npy file of numbers"),
        (b"PK\x03\x04 broken", "is not a .npy file of numbers"),
        (b"", "is not a .npy file of numbers"),
        (None, "No such file"),
    ],
)
def test_a_bad_image_is_refused_in_one_line(
    content: Any, says: str, folder: Path, tmp_path: Path, alone: dict[str, str]
) -> None:
    path = tmp_path / "image.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    done = run(folder, path, env=alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--label", "4"], "label 4 does not exist; allowed: 0 to 3"),
        (["--steps", "0"], "--steps is 0; allowed: 1 or more"),
        (["--timeout", "0.01"], "Lava failed: nothing moved for 0.01 s"),
    ],
)
def test_a_bad_option_is_refused_in_one_line(
    options: list[str], says: str, folder: Path, image: Path, alone: dict[str, str]
) -> None:
    done = run(folder, image, *options, env=alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"network.py: {says}\n"


def test_missing_lava_is_one_line(folder: Path, image: Path, alone: dict[str, str]) -> None:
    (Path(alone["PYTHONPATH"]) / "lava").mkdir(exist_ok=True)
    (Path(alone["PYTHONPATH"]) / "lava" / "__init__.py").touch()
    done = run(folder, image, env=alone)
    (Path(alone["PYTHONPATH"]) / "lava" / "__init__.py").unlink()
    (Path(alone["PYTHONPATH"]) / "lava").rmdir()
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No module named 'lava.magma'; README.md says how to install Lava" in done.stderr


def test_a_killed_program_leaves_no_orphans(
    folder: Path, image: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, str(folder / "network.py"), str(image), "--steps", "200000"]
    program = subprocess.Popen(command, env={**alone, "TMPDIR": str(tmp_path)})
    processes: list[psutil.Process] = []
    deadline = time.monotonic() + 30
    while len(processes) < 15 and time.monotonic() < deadline:
        time.sleep(0.1)
        processes = psutil.Process(program.pid).children(recursive=True)
    assert len(processes) >= 15
    program.kill()
    program.wait()
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_complete_and_mentions_no_other_package(
    folder: Path, graph: SynapseGraph
) -> None:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    expected = [
        "README.md",
        "arrays.npz",
        "lava_mends.py",
        "network.py",
        "network.txt",
        "processes/__init__.py",
    ]
    expected += ["processes/attractor_network.py", "processes/parts.py", "watchdog.py"]
    assert [f for f in files if "__pycache__" not in f] == expected
    for path in folder.rglob("*.py"):
        assert "import spinspike" not in path.read_text()
        assert "from spinspike" not in path.read_text()
    readme = (folder / "README.md").read_text()
    assert f"60 units as 120 neurons (dale encoding), {graph.synapses} synapses" in readme
    assert "@" not in readme


def test_an_existing_folder_is_kept_unless_forced(graph: SynapseGraph, tmp_path: Path) -> None:
    place = export(graph, tmp_path / "network")
    (place / "README.md").write_text("mine")
    with pytest.raises(BadInput, match=r"network exists; .*--force"):
        export(graph, place)
    assert (place / "README.md").read_text() == "mine"
    export(graph, place, force=True)
    assert "120 neurons" in (place / "README.md").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


def test_a_folder_that_is_no_export_is_never_replaced(graph: SynapseGraph, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(
        BadInput, match=r"holds thesis\.txt, which no export writes; choose another name"
    ):
        export(graph, tmp_path, force=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_missing_parent_folder_is_named(graph: SynapseGraph, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere does not exist; create it first"):
        export(graph, tmp_path / "nowhere" / "network")


def test_a_failed_export_leaves_the_old_folder_alone(
    graph: SynapseGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = export(graph, tmp_path / "network")
    (place / "README.md").write_text("mine")

    def full(_: SynapseGraph) -> str:
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr(lava_export, "_readme", full)
    with pytest.raises(BadInput, match="disk full"):
        export(graph, place, force=True)
    assert (place / "README.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


def test_a_graph_beyond_the_registers_is_not_exported(graph: SynapseGraph, tmp_path: Path) -> None:
    first, *others = graph.projections
    loud = dataclasses.replace(first, exponent=8)
    graph = dataclasses.replace(graph, projections=(loud, *others))
    with pytest.raises(OutOfRange, match=r"E>E:coupling\+: exponent 8 does not fit"):
        export(graph, tmp_path / "network")
    assert not list(tmp_path.iterdir())
