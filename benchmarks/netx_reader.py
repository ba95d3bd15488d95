"""Netx itself, out of lava-dl, reads the .net files of random graphs and must spike as they do.

    python benchmarks/netx_reader.py --lava-dl DIR [--graphs 20] [--seed 0]

DIR is a checkout of lava-dl. Of it netx alone is used, as it is: `hdf5.py`, `utils.py` and
`blocks/`, which run on lava-nc; the rest of lava-dl needs PyTorch. What netx imports from there,
the parameters of resonate-and-fire neurons, has a stand-in, for no file here asks for it. Graphs of
every encoding, with binary or graded input, of one module or two, 3 to 5 bits. Printed as JSON: in
how many graphs every spike is the emulator's, and in how many it is with another label, the null.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from spinspike.errors import OutOfRange
from spinspike.mapping import SynapseGraph, map_network
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators import Emulator, Phases, encode_stimulus
from spinspike.simulators.exchange.netx import obstacles, write

NETX = ("hdf5.py", "utils.py", "blocks/process.py", "blocks/models.py")
STAND_IN = "def neuron_params(config):\n    raise NotImplementedError\n"
CLASSES, CLAMPED, FREE = 3, 4, 20


def provide(checkout: Path, folder: Path) -> Any:
    """Take the class Network from a copy of netx, with nothing else of lava-dl."""
    for name in NETX:
        place = folder / "lava" / "lib" / "dl" / "netx" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / "src" / "lava" / "lib" / "dl" / "netx" / name, place)
    place = folder / "lava" / "lib" / "dl" / "slayer" / "neuron" / "rf.py"
    place.parent.mkdir(parents=True)
    place.write_text(STAND_IN)
    sys.path.append(str(folder))
    return import_module("lava.lib.dl.netx.hdf5").Network


def drawn(rng: np.random.Generator) -> SynapseGraph:
    """A random graph that fits into a .net file."""
    while True:
        modules = int(rng.integers(1, 3))
        shape = Architecture(
            units=int(rng.integers(8, 60)),
            inputs=int(rng.integers(3, 20)),
            classes=CLASSES,
            modules=modules,
            link=0.8 if modules > 1 else 0.0,
        )
        network = random_network(shape, rng, centre=np.full(shape.inputs, 0.4))
        rounding = Rounding(int(rng.integers(3, 6)), "graded" if rng.random() < 0.5 else "binary")
        try:
            encoding = str(rng.choice(["signed", "dale", "pushpull"]))
            graph = map_network(network, encoding=encoding, rounding=rounding)
        except OutOfRange:
            continue
        if not obstacles(graph):
            return graph


def told(path: Path, picture: NDArray[Any], label: int, steps: int) -> NDArray[np.int32]:
    """The input of each step, (steps, M), as the file says in words."""
    with h5py.File(path) as file:
        own = {name: value[()] for name, value in file["spinspike"].items()}
    low, high = own["input_range"]
    levels = np.rint((picture - low) * own["levels"] / (high - low))
    sent = np.zeros((steps, 1 + len(picture) + 1 + CLASSES), dtype=np.int32)
    sent[0, 0] = 1
    sent[:, 1 : -CLASSES - 1] = levels
    sent[:, -CLASSES - 1] = own["levels"]
    sent[own["modules"] : own["modules"] + CLAMPED, label - CLASSES] = 1
    return np.asarray(sent[:, own["sent"]])


def spikes_of(network: Any, given: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Spikes of a run on Lava, (steps, N)."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source

    sink = Sink(shape=network.out.shape, buffer=len(given))
    Source(data=given.T).s_out.connect(network.inp)
    network.out.connect(sink.a_in)
    network.run(
        condition=RunSteps(num_steps=len(given)), run_cfg=Loihi2SimCfg(select_tag="fixed_pt")
    )
    found = np.asarray(sink.data.get().T, dtype=np.bool_)
    network.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lava-dl", type=Path, required=True, help="checkout of lava-dl")
    parser.add_argument("--graphs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    equal = null = spikes = 0
    with tempfile.TemporaryDirectory() as name:
        reader = provide(options.lava_dl, Path(name) / "netx")
        path = Path(name) / "graph.net"
        for _ in range(options.graphs):
            graph = drawn(rng)
            write(graph, path, force=True)
            picture = np.rint(rng.random(graph.io.centre.size))
            label = int(rng.integers(CLASSES))
            given = encode_stimulus(graph, picture[None], labels=np.array([label]))
            phases = Phases(cue=graph.modules, clamped=CLAMPED, free=FREE)
            expected = Emulator().run(graph, given, phases).spikes
            assert expected is not None
            with h5py.File(path) as file:
                bits = int(file["spinspike/input_message_bits"][()])
            for shown in (label, (label + 1) % CLASSES):
                network = reader(str(path), input_message_bits=bits)
                sent = told(path, picture, shown, phases.total + 1)
                same = np.array_equal(spikes_of(network, sent)[1:], expected[:, 0])
                equal, null = equal + (same and shown == label), null + (same and shown != label)
            spikes += int(expected.sum())
    print(json.dumps({"graphs": options.graphs, "equal": equal, "null": null, "spikes": spikes}))
    return 0 if equal == options.graphs else 1


if __name__ == "__main__":
    sys.exit(main())
