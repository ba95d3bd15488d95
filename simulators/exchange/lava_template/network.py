"""Run an image through the exported network on Lava and print its class.

``python network.py image.npy`` prints the class; ``--json`` prints more. With ``--label N`` the
supervisory neuron of class N spikes for a while and is then released. With ``--state state.npy``
the units are forced into that state in the first step, as a memory is recalled: a network without
pixels needs no image. ``--output`` writes the state at the end.

Exit status: 0 a class was found, 2 bad input, Lava missing, crashed or hung.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import lava_mends  # noqa: F401  before Lava: on Python 3.11 and newer it needs them
import numpy as np
from scipy.sparse import csr_matrix
from watchdog import fail_with, supervise, work

Arrays = dict[str, np.ndarray]

HERE = Path(__file__).resolve().parent
BIAS_LIMIT = 4095


def main() -> int:
    """Check the input, run Lava in a worker, decode and print."""
    options = arguments()
    if options.worker:
        folder = Path(options.worker[0])
        work(lambda: run_lava(folder), int(options.worker[1]), folder)
        return 0
    try:
        with np.load(HERE / "arrays.npz", allow_pickle=False) as file:
            arrays = dict(file)
        image = read_image(options.image, arrays)
        check_options(options, arrays)
        if options.output:
            check_output(options.output)
        state = read_state(options.state, arrays) if options.state else None
        spikes, membrane = simulate(arrays, encode(arrays, image), options, state)
        result = decode(arrays, spikes, membrane, options)
        if options.output:
            write(options.output, states_of(arrays, spikes)[-1])
    except (OSError, ValueError, KeyError, MemoryError, BadZipFile) as error:
        print(f"network.py: {error or type(error).__name__}", file=sys.stderr)
        return 2
    print_result(result, options.json)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "image", help=".npy file with the pixels, scaled as for training", nargs="?", default=""
    )
    parser.add_argument("--state", help=".npy file with -1 and 1 for each unit, to start from")
    parser.add_argument("--output", type=Path, help=".npy file for the state at the end")
    parser.add_argument("--label", type=int, help="clamp with this class, then release")
    parser.add_argument("--clamped", type=int, default=10, help="steps with the label [10]")
    parser.add_argument("--steps", type=int, default=30, help="free steps [30]")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for the run [300]")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.image and not options.state and not options.worker:
        parser.error("which image? give a .npy file, or a state with --state")
    return options


def read_image(path: str, arrays: Arrays) -> np.ndarray:
    """Pixels as float64, (D,), or ValueError in one line."""
    if not path and arrays["centre"].size:
        message = f"no image is given; allowed: a .npy file of {arrays['centre'].size} pixels"
        raise ValueError(message)
    if not path:
        return np.zeros(0)
    try:
        image = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile, MemoryError) as error:
        message = f"{path} is not a .npy file of numbers: {error}"
        raise ValueError(message) from None
    count = arrays["centre"].size
    if not isinstance(image, np.ndarray) or image.dtype.kind not in "biuf":
        message = f"{path} does not hold numbers; allowed: one array of {count} pixels"
        raise ValueError(message)
    if image.size != count:
        message = f"{path} has shape {image.shape}; allowed: {count} pixels"
        raise ValueError(message)
    low, high = arrays["input_range"]
    image = image.astype(np.float64).ravel()
    if not ((image >= low) & (image <= high)).all():
        message = (
            f"pixels of {path} range from {image.min():g} to {image.max():g}; "
            f"allowed: {low:g} to {high:g}"
        )
        raise ValueError(message)
    return image


def read_state(path: str, arrays: Arrays) -> np.ndarray:
    """Unit states, (H,) in -1 and 1, or ValueError in one line."""
    try:
        state = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile, MemoryError) as error:
        message = f"{path} is not a .npy file of numbers: {error}"
        raise ValueError(message) from None
    units = arrays["decoder"].size
    if (
        not isinstance(state, np.ndarray)
        or state.size != units
        or not np.isin(state, (-1, 1)).all()
    ):
        message = f"{path} is no state; allowed: -1 or 1 for each of {units} units"
        raise ValueError(message)
    if head(arrays)["levels"]:
        message = "--state is given; allowed where no input comes as spikes"
        raise ValueError(message)
    return state.ravel().astype(int)


def check_options(options: argparse.Namespace, arrays: Arrays) -> None:
    """Refuse a label or durations that make no run."""
    classes = len(arrays["readout"])
    if options.label is not None and not 0 <= options.label < classes:
        message = f"label {options.label} does not exist; allowed: 0 to {classes - 1}"
        raise ValueError(message)
    for name in ("steps", "clamped"):
        if getattr(options, name) < 1:
            message = f"--{name} is {getattr(options, name)}; allowed: 1 or more"
            raise ValueError(message)
    if not options.timeout > 0:
        message = f"--timeout is {options.timeout}; allowed: above 0 seconds"
        raise ValueError(message)


def check_output(output: Path) -> None:
    """Refuse to write over anything, or where there is no folder."""
    if output.exists() or not output.absolute().parent.is_dir():
        message = f"--output is {output}; allowed: a new file in a folder that exists"
        raise ValueError(message)


def write(path: Path, state: np.ndarray) -> None:
    """Write the state, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as stream:
            np.save(stream, state)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def head(arrays: Arrays) -> dict[str, Any]:
    """Populations, projections and the like."""
    return json.loads(str(arrays["head"]))


def cue(arrays: Arrays) -> int:
    """Steps with the image alone before a label clamps: one for each module of the network."""
    return head(arrays)["modules"]


def encode(arrays: Arrays, image: np.ndarray) -> np.ndarray:
    """What an image feeds in every step.

    By bias the integer input of each neuron, sign round(scale (Win (x - centre) gain)), (N,); by
    spikes what each input neuron sends, 0 … G, and G from one that is always on, (D + 1,).
    """
    levels = head(arrays)["levels"]
    if levels:
        return np.append(levels_of(arrays, image, levels), levels)
    parts = tuple(arrays[f"input_{part}"] for part in ("data", "indices", "indptr"))
    weight = csr_matrix(parts, shape=(arrays["scale"].size, image.size))
    field = (weight @ ((image - arrays["centre"]) * arrays["gain"])[:, None]).ravel()
    given = np.rint(field * arrays["scale"]).astype(int)[arrays["unit"]] * arrays["input_sign"]
    # with the bias it saturates, where no synapses could outweigh it
    return np.clip(given + arrays["offset"], -BIAS_LIMIT, BIAS_LIMIT) - arrays["offset"]


def levels_of(arrays: Arrays, image: np.ndarray, levels: int) -> np.ndarray:
    """Pixels as the nearest whole number from 0 (lowest value) to ``levels`` (highest)."""
    low, high = arrays["input_range"]
    exact = (image - low) * (levels / (high - low))
    found = np.rint(exact).astype(int)
    if levels == 1 and (found != exact).any():
        message = (
            f"a pixel is {image[found != exact][0]:g}; the network takes {low:g} and {high:g} alone"
        )
        raise ValueError(message)
    return found


def decode(
    arrays: Arrays, spikes: np.ndarray, membrane: np.ndarray, options: argparse.Namespace
) -> dict[str, Any]:
    """Class, scores and how the state moved, from the spikes (steps, N) and readout membranes."""
    up = states_of(arrays, spikes) > 0
    scores = membrane / 64 if membrane.size else arrays["readout"] @ np.where(up[-1], 1.0, -1.0)
    release = cue(arrays) + (0 if options.label is None else options.clamped)
    return {
        "class": int(scores.argmax()) if scores.size else None,
        "scores": [round(float(score), 6) for score in scores],
        "settled": bool((up[-1] == up[-2]).all()),
        "steps": len(up),
        "release": release,
        "units_changed_since_release": int((up[-1] != up[release - 1]).sum()),
        "spikes_in_last_step": int(spikes[-1].sum()),
    }


def states_of(arrays: Arrays, spikes: np.ndarray) -> np.ndarray:
    """Unit states, (steps, H) in -1 and 1, from the spikes (steps, N)."""
    decoder = arrays["decoder"]
    up = spikes[:, decoder].astype(bool) == (arrays["input_sign"][decoder] > 0)
    return np.where(up, np.int8(1), np.int8(-1))


def print_result(result: dict[str, Any], as_json: bool) -> None:
    """One line, or one JSON object."""
    if as_json:
        print(json.dumps(result))
    else:
        state = "settled" if result["settled"] else "still moving"
        found = "no classes" if result["class"] is None else f"class {result['class']}"
        print(f"{found} ({state} after {result['steps']} steps)")


def simulate(
    arrays: Arrays, given: np.ndarray, options: argparse.Namespace, state: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of all neurons, (steps, N), and membranes of the readout neurons at the end, (C,).

    They come from a Lava run in a process group of its own.
    """
    clamped = 0 if options.label is None else options.clamped
    before = cue(arrays)
    steps = before + clamped + options.steps
    classes = max(1, len(arrays["readout"]))
    signal = np.zeros((classes, steps), dtype=np.int32)  # silent to the end of the run
    if clamped:
        signal[options.label, before - 1 : before - 1 + clamped] = 1  # spikes act one step later
    with tempfile.TemporaryDirectory(prefix="network-") as name:
        folder = Path(name)
        first = given
        if state is not None:  # the bias that forces it, less the one of the first step
            forced = state[arrays["unit"]] * arrays["input_sign"] * BIAS_LIMIT
            first = forced - arrays["first_offset"]
        np.savez(folder / "job.npz", given=given, signal=signal, first=first)
        command = [sys.executable, str(HERE / "network.py")]
        command += ["--worker", str(folder), str(os.getpid())]
        try:
            supervise(
                command,
                folder=folder,
                stall=options.timeout,
                pulse=int,  # nothing is known before the end: the timeout is for the whole run
                environment={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except (TimeoutError, ChildProcessError) as error:
            message = f"Lava failed: {error}"
            raise OSError(message) from None
        with np.load(folder / "result.npz", allow_pickle=False) as file:
            return file["spikes"], file["membrane"]


def run_lava(folder: Path) -> None:
    """The worker's task: build the Lava processes, run them, write spikes and membranes."""
    try:
        from lava.magma.core.run_conditions import RunSteps
        from lava.magma.core.run_configs import Loihi2SimCfg
        from lava.proc.io.sink import RingBuffer as Sink
        from lava.proc.io.source import RingBuffer as Source
        from processes import AttractorNetwork
    except ImportError as error:
        message = f"{error}; README.md says how to install Lava"
        raise ImportError(message) from None
    with np.load(folder / "job.npz", allow_pickle=False) as file:
        given, signal, first = file["given"], file["signal"], file["first"]
    with np.load(HERE / "arrays.npz", allow_pickle=False) as file:
        arrays = dict(file)
    by_spikes = bool(head(arrays)["levels"])
    network = AttractorNetwork(arrays, levels=given if by_spikes else None)
    Source(data=signal).s_out.connect(network.supervisory)
    if by_spikes:
        Source(data=given[:, None]).s_out.connect(network.image)
    sinks = []
    position = 0
    for name, size in head(arrays)["populations"].items():
        if not by_spikes:
            rows = slice(position, position + size)
            later = np.repeat(given[rows, None], max(signal.shape[1] - 1, 0), axis=1)
            source = Source(data=np.concatenate([first[rows, None], later], axis=1))
            source.s_out.connect(getattr(network, f"input_{name}"))
        sinks.append(Sink(shape=(size,), buffer=signal.shape[1]))
        getattr(network, f"spikes_{name}").connect(sinks[-1].a_in)
        position += size
    network.create_runtime(run_cfg=Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True))
    with fail_with(multiprocessing.active_children()):
        network.run(condition=RunSteps(num_steps=signal.shape[1]))
        spikes = np.concatenate([sink.data.get() for sink in sinks]).T
        membrane = network.readout.get() if head(arrays)["readout"] else np.zeros(0)
    network.stop()
    np.savez(folder / "result.npz", spikes=spikes.astype(bool), membrane=membrane)


if __name__ == "__main__":
    sys.exit(main())
