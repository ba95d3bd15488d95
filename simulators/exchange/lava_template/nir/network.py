"""Run a NIR graph on Lava, in floating point.

``python network.py inputs.npz -o spikes.npz``: the file of inputs holds, for each input under its
name, an array (steps, patterns, neurons); the file of spikes gets the same of each output.

Exit status: 0 it ran, 2 bad input, Lava missing, crashed or hung.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import lava_mends  # noqa: F401  before Lava: on Python 3.11 and newer it needs them
import numpy as np
from scipy.sparse import csr_matrix
from watchdog import supervise, work

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Check the input, run Lava in a worker of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("inputs", help=".npz file: (steps, patterns, neurons) for each input")
    parser.add_argument("-o", "--output", default="spikes.npz", help="file to write [spikes.npz]")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for the run [600]")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    head, arrays = read_network()
    if options.worker:
        inputs = read_inputs(options.inputs, head)
        work(lambda: write(Path(options.output), run(head, arrays, inputs)), options.worker)
        return 0
    try:
        check_output(Path(options.output), Path(options.inputs))
        read_inputs(options.inputs, head)
        command = [sys.executable, __file__, options.inputs, "-o", options.output]
        supervise(
            [*command, "--worker", str(os.getpid())],
            folder=Path.cwd(),
            stall=options.timeout,
            pulse=lambda: None,
            environment={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    except (OSError, ValueError, TimeoutError, ChildProcessError, BadZipFile) as error:
        print(f"network.py: {error or type(error).__name__}", file=sys.stderr)
        return 2
    return 0


def check_output(output: Path, *inputs: Path) -> None:
    """Refuse to write over what is read."""
    for path in (HERE / "network.npz", HERE / "network.json", *inputs):
        if output.exists() and path.exists() and output.samefile(path):
            message = f"{output} is read by this program; give another name with -o"
            raise ValueError(message)


def write(path: Path, arrays: dict) -> None:
    """Write as numpy.savez does, which takes no array called file; whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with ZipFile(part, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_network() -> tuple[dict, dict]:
    """Names and numbers, and the matrices."""
    with np.load(HERE / "network.npz", allow_pickle=False) as file:
        arrays = dict(file)
    return json.loads((HERE / "network.json").read_text(encoding="utf-8")), arrays


def read_inputs(path: str, head: dict) -> dict:
    """Arrays (steps, patterns, neurons), or ValueError in one line."""
    with np.load(path, allow_pickle=False) as file:
        inputs = {name: file[name].astype(float) for name in file.files}
    sizes = head["inputs"]
    lengths = {inputs[name].shape[:2] for name in inputs}
    right = all(n in sizes and x.ndim == 3 and x.shape[2] == sizes[n] for n, x in inputs.items())
    if set(inputs) != set(sizes) or not right or len(lengths) != 1:
        shapes = {name: x.shape for name, x in inputs.items()}
        message = f"{path} holds {shapes}; allowed: (steps, patterns, size) with sizes {sizes}"
        raise ValueError(message)
    return inputs


def run(head: dict, arrays: dict, inputs: dict) -> dict:
    """Spikes, or membranes, of all outputs, (steps, patterns, neurons)."""
    patterns = next(iter(inputs.values())).shape[1]
    each = [
        simulate(head, arrays, {n: x[:, b] for n, x in inputs.items()}) for b in range(patterns)
    ]
    return {name: np.stack([one[name] for one in each], axis=1) for name in head["outputs"]}


def simulate(head: dict, arrays: dict, inputs: dict) -> dict:
    """One pattern: (steps, neurons) of each output."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.monitor.process import Monitor

    steps = next(iter(inputs.values())).shape[0]
    total = steps + max(neuron["lag"] for neuron in head["neurons"].values())
    neurons = build(head, arrays, inputs, total)
    sinks, probes = {}, {}
    for output, name in head["outputs"].items():
        sinks[output] = Sink(shape=(head["neurons"][name]["size"],), buffer=total)
        neurons[name].s_out.connect(sinks[output].a_in)
        if head["neurons"][name]["silent"]:
            probes[output] = Monitor()
            probes[output].probe(neurons[name].v, total)
    first = next(iter(sinks.values()))
    first.run(condition=RunSteps(num_steps=total), run_cfg=Loihi2SimCfg(select_tag="floating_pt"))
    found = {}
    for output, name in head["outputs"].items():
        lag = head["neurons"][name]["lag"]
        shown = sinks[output].data.get().T
        if output in probes:
            (shown,) = (v for data in probes[output].get_data().values() for v in data.values())
        early = head["late"][output] - lag  # steps before the first that are nothing
        shown = np.concatenate([np.zeros((max(early, 0), shown.shape[1])), shown[max(-early, 0) :]])
        found[output] = shown[:steps]
    first.stop()
    return found


def build(head: dict, arrays: dict, inputs: dict, total: int) -> dict:
    """The neurons by name, connected to each other and to their sources."""
    from lava.proc.io.source import RingBuffer

    neurons = {name: process(name, n, arrays) for name, n in head["neurons"].items()}
    outputs = {name: process.s_out for name, process in neurons.items()}
    for name, values in inputs.items():
        padded = np.zeros((values.shape[1], total))
        padded[:, : len(values)] = values.T
        outputs[name] = RingBuffer(data=padded).s_out
    for number, c in enumerate(head["connections"]):
        weight = matrix(arrays, number)
        join(outputs[c["source"]], neurons[c["target"]], weight, c["delay"])
    for number, name in enumerate(head["constants"]):
        # one step before the neurons begin, since a connection takes one
        wave = arrays[f"constant{number}_wave"]
        start = head["neurons"][name]["lag"] - 1
        padded = np.zeros((len(wave), total))
        shown = min(wave.shape[1], total - start)
        padded[:, start : start + shown] = wave[:, :shown]
        padded[:, start + shown :] = wave[:, -1:]
        join(RingBuffer(data=padded).s_out, neurons[name], arrays[f"constant{number}_weight"], 0)
    return neurons


def process(name: str, neuron: dict, arrays: dict) -> object:
    """Lava's own LIF process, or that of lif_neurons.py for what it has not."""
    from lava.proc.lif.process import LIF

    own, vth = neuron["own"], neuron["vth"]
    if own is None:
        return LIF(shape=(neuron["size"],), du=neuron["du"], dv=neuron["dv"], vth=vth, name=name)
    from lif_neurons import Neurons

    parts = {
        part: arrays[f"own{own['number']}_{part}"] for part in ("du", "dv", "leak", "reset_to")
    }
    rest = {"spikes": own["spikes"], "reset": own["reset"], "lag": neuron["lag"]}
    return Neurons(size=neuron["size"], vth=vth, name=name, **parts, **rest)


def matrix(arrays: dict, number: int) -> np.ndarray:
    """Weights of a connection, (targets, sources)."""
    parts = [arrays[f"{part}{number}"] for part in ("data", "indices", "indptr")]
    return csr_matrix(tuple(parts), shape=tuple(arrays[f"shape{number}"])).toarray()


def join(source: object, target: object, weight: np.ndarray, delay: int) -> None:
    """Connect by a Dense process, whose messages may be any numbers."""
    from lava.proc.dense.process import DelayDense, Dense

    if delay:
        dense = DelayDense(weights=weight, delays=delay, num_message_bits=24)
    else:
        dense = Dense(weights=weight, num_message_bits=24)
    source.connect(dense.s_in)
    dense.a_out.connect(target.a_in)


if __name__ == "__main__":
    sys.exit(main())
