"""Run one fixed point of the network in PyNN and print whether it is held.

``python network.py nest`` or ``python network.py brian2``: the state is forced (cue), a supervisory
population may spike for a while and is silent from the release on (``--clamp``), and the network
must then hold the state by itself. ``--uncoupled`` leaves the couplings out: the null.

Exit status: 0 the state was held, 1 it was lost, 2 bad input or a missing part.
"""

import argparse
import importlib
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

Arrays = dict[str, np.ndarray]

HERE = Path(__file__).resolve().parent
# All of a synapse is in use at every spike, and what it released is there again as fast as its
# current decays. For NEST the rest of the way back must be short; PyNN 0.13.0 leaves it out on
# Brian2, but multiplies 0 by exp(t / tau_rec), which must stay finite.
RECOVERY = {"nest": 0.1, "brian2": 1e6}


def main() -> int:
    """Run and print."""
    options = arguments()
    try:
        head = json.loads((HERE / "network.json").read_text(encoding="utf-8"))
        with np.load(HERE / "network.npz", allow_pickle=False) as file:
            arrays = dict(file)
        if options.output:
            check_output(options.output)
        check_options(options, len(arrays["states"]))
        times, spikes, taught = simulate(options, head, arrays)
        result = read_out(options, head, arrays, times, spikes)
        result["last_supervisory_spike"] = float(taught.max()) if taught.size else None
        if options.output:
            write(options.output, {"times": times, "neurons": spikes})
    except (ImportError, OSError, ValueError, KeyError, MemoryError, BadZipFile) as error:
        print(f"network.py: {error or type(error).__name__}", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 (it must not look like a lost state, exit 1)
        print(f"network.py: {options.simulator} failed: {error!r}", file=sys.stderr)
        return 2
    print_result(result, options.json)
    return 0 if result["held"] else 1


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("simulator", choices=sorted(RECOVERY))
    parser.add_argument("--pattern", type=int, default=0, help="which fixed point [0]")
    parser.add_argument("--cue", type=int, default=100, help="ms in which it is forced [100]")
    parser.add_argument("--clamp", type=int, default=0, help="ms with the supervisory signal [0]")
    parser.add_argument("--hold", type=int, default=500, help="ms on its own [500]")
    parser.add_argument("--seed", type=int, default=0, help="of the potentials at the start [0]")
    parser.add_argument("--uncoupled", action="store_true", help="without couplings: the null")
    parser.add_argument("--output", "-o", type=Path, help=".npz file for the spikes")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    return parser.parse_args()


def check_output(output: Path) -> None:
    """Refuse to write over what is read."""
    for path in (HERE / "network.npz", HERE / "network.json"):
        if output.exists() and path.exists() and output.samefile(path):
            message = f"{output} is read by this program; give another name with -o"
            raise ValueError(message)


def write(path: Path, arrays: Arrays) -> None:
    """Write the spikes, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as stream:
            np.savez(stream, **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def check_options(options: argparse.Namespace, patterns: int) -> None:
    """Refuse a pattern or durations that make no run."""
    least = {"pattern": 0, "cue": 1, "clamp": 0, "hold": 1, "seed": 0}
    for name, lowest in least.items():
        value = getattr(options, name)
        highest = patterns - 1 if name == "pattern" else value
        if not lowest <= value <= highest:
            upward = f"{lowest} to {highest}" if name == "pattern" else f"{lowest} or more"
            message = f"--{name} is {value}; allowed: {upward}"
            raise ValueError(message)


def simulate(
    options: argparse.Namespace, head: dict[str, Any], arrays: Arrays
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spikes of all neurons in the order of time (ms, neurons), and supervisory ones (ms)."""
    sim = start(options, head["timestep"])
    rng = np.random.default_rng(options.seed)
    pattern, cell, populations = options.pattern, head["cell"], {}
    bias = arrays["uncoupled_bias" if options.uncoupled else "bias"][pattern]
    for name, size in head["populations"].items():
        populations[name] = sim.Population(size, sim.IF_curr_exp(**cell), label=name)
        populations[name].record("spikes")
    place(populations, "v", cell["v_thresh"] * rng.random(bias.size))
    place(populations, "i_offset", arrays["cue"][pattern])
    supervisory = teachers(options, head, sim, int(arrays["labels"][pattern]))
    sources = populations | supervisory
    for number, projection in enumerate(head["projections"]):
        left_out = options.uncoupled and projection["role"] == "coupling"
        if projection["source"] in sources and not left_out:
            connect(options, head, sim, sources, projection, arrays, number)
    sim.run(float(options.cue))
    place(populations, "i_offset", bias)
    sim.run(float(options.clamp + options.hold))
    found = *spikes_of(populations), spikes_of(supervisory)[0]
    sim.end()
    return found


def start(options: argparse.Namespace, timestep: float) -> Any:
    """PyNN's module of the simulator, set up and quiet."""
    os.environ.setdefault("PYNEST_QUIET", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait must not spin
    warnings.simplefilter("ignore")
    extra = {"spike_precision": "on_grid", "verbosity": "error"}
    try:
        if options.simulator == "brian2":
            extra = {}
            prepare_brian2(timestep)
        sim = importlib.import_module(f"pyNN.{options.simulator}")
    except ImportError as error:
        package = {"nest": "nest-simulator"}.get(options.simulator, options.simulator)
        message = f"{error}; pip install PyNN==0.13.0 {package}"
        raise ImportError(message) from None
    logging.getLogger("PyNN").setLevel(logging.ERROR)
    sim.setup(timestep=timestep, min_delay=timestep, max_delay=100.0, **extra)
    return sim


def prepare_brian2(timestep: float) -> None:
    """Compiled, PyNN's synapses use what is left from before it recovered: 8 % too little."""
    import brian2

    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = timestep * brian2.ms
    brian2.BrianLogger.log_level_error()


def place(populations: dict[str, Any], what: str, values: np.ndarray) -> None:
    """Set potentials (before the run) or currents; neurons are numbered through the populations."""
    first = 0
    for population in populations.values():
        part = values[first : first + population.size]
        first += population.size
        if what == "v":
            population.initialize(v=part)
        else:
            population.set(**{what: part})


def teachers(
    options: argparse.Namespace, head: dict[str, Any], sim: Any, label: int
) -> dict[str, Any]:
    """Supervisory populations: the neuron of the label spikes from the cue's end to the release.

    Its last spike arrives before the release.
    """
    if not options.clamp:
        return {}
    until = options.cue + options.clamp - head["supervisory_delay"]
    times = np.arange(options.cue, until, head["supervisory_interval"], dtype=float)
    found = {}
    for name, size in head["supervisory"].items():
        trains = [sequence(times if number == label else []) for number in range(size)]
        cell = sim.SpikeSourceArray(spike_times=trains if size > 1 else trains[0])  # as PyNN wants
        found[name] = sim.Population(size, cell, label=name)
        found[name].record("spikes")
    return found


def sequence(times: Any) -> Any:
    """One neuron's spike times, as PyNN wants them."""
    from pyNN.parameters import Sequence

    return Sequence(times)


def connect(
    options: argparse.Namespace,
    head: dict[str, Any],
    sim: Any,
    sources: dict[str, Any],
    projection: dict[str, Any],
    arrays: Arrays,
    number: int,
) -> None:
    """One projection from its list: all excitatory or all inhibitory."""
    source, target = arrays[f"source{number}"], arrays[f"target{number}"]
    if not source.size:
        return
    kind = "excitatory" if projection["sign"] > 0 else "inhibitory"
    weight = projection["sign"] * arrays[f"weight{number}"]
    rows = np.column_stack([source, target, weight, np.full(source.size, projection["delay"])])
    connector = sim.FromListConnector(rows, column_names=["weight", "delay"])
    if options.simulator == "brian2":
        connector.connect = lambda made: connect_at_once(made, rows)
    if projection["role"] == "supervisory":
        synapse = sim.StaticSynapse()
    else:
        synapse = sim.TsodyksMarkramSynapse(
            U=1.0, tau_rec=RECOVERY[options.simulator], tau_facil=1.0
        )
    populations = sources[projection["source"]], sources[projection["target"]]
    sim.Projection(*populations, connector, synapse, receptor_type=kind, label=head["name"])


def connect_at_once(projection: Any, rows: np.ndarray) -> None:
    """What PyNN does on Brian2 synapse by synapse, 5 ms each."""
    from brian2 import ms, nA

    synapses = projection._brian2_synapses[0][0]
    synapses.connect(i=rows[:, 0].astype(int), j=rows[:, 1].astype(int))
    projection._n_connections = len(rows)
    synapses.weight, synapses.delay = rows[:, 2] * nA, rows[:, 3] * ms
    native = projection.synapse_type.native_parameters
    for name in {"U", "tau_rec", "tau_facil"} & set(native.keys()):
        native[name].shape = (1,)
        setattr(synapses, name, native[name].evaluate(simplify=True))


def spikes_of(populations: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Recorded spikes of all populations."""
    times, neurons, first = [], [], 0
    for population in populations.values():
        for train in population.get_data().segments[0].spiketrains:
            times.append(np.asarray(train.rescale("ms").magnitude))
            number = first + int(train.annotations["source_index"])
            neurons.append(np.full(len(train), number))
        first += population.size
    when = np.concatenate([np.zeros(0), *times])
    order = np.argsort(when, kind="stable")
    return when[order], np.concatenate([np.zeros(0, dtype=int), *neurons])[order]


def read_out(
    options: argparse.Namespace,
    head: dict[str, Any],
    arrays: Arrays,
    times: np.ndarray,
    neurons: np.ndarray,
) -> dict[str, Any]:
    """Overlap with the state over time; a unit is up if its neuron spiked lately."""
    wanted = arrays["states"][options.pattern].astype(int)
    release = options.cue + options.clamp
    total = release + options.hold
    overlap = {}
    for now in range(head["every"], total + 1, head["every"]):
        recent = neurons[(times > now - head["window"]) & (times <= now)]
        fires = np.bincount(recent, minlength=arrays["bias"].shape[1]) > 0
        up = fires[arrays["decoder"]] == (arrays["decoder_sign"] > 0)
        overlap[now] = float(np.mean(np.where(up, 1, -1) * wanted))
    settled = [value for now, value in overlap.items() if now >= release + head["window"]]
    return {
        "simulator": options.simulator,
        "pattern": options.pattern,
        "coupled": not options.uncoupled,
        "release": release,
        "overlap": overlap,
        "held": bool(settled) and min(settled) == 1.0,
        "last_overlap": overlap[max(overlap)] if overlap else 0.0,
        "spikes": len(times),
    }


def print_result(result: dict[str, Any], as_json: bool) -> None:
    """A table, or one JSON object."""
    if as_json:
        print(json.dumps(result))
        return
    print("ms after release   overlap with s*")
    for now, value in result["overlap"].items():
        if now % 50 == 0:
            print(f"{now - result['release']:16d}   {value:.3f}")
    print("held" if result["held"] else "lost")


if __name__ == "__main__":
    sys.exit(main())
