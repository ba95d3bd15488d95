"""NIR files by other tools' own exporters, with what those tools compute: test cases for ours.

    python benchmarks/nir_producers.py snntorch FOLDER       snnTorch 1.0.0, nir 1.0.8, nirtorch 2.6
    python benchmarks/nir_producers.py norse FOLDER          Norse 1.1.0, nir 1.0.4
    python benchmarks/nir_producers.py sinabs FOLDER         Sinabs 3.1.3, nir 1.0.4

Each needs an environment of its own: PyTorch asks for another NumPy than Lava, and Norse and Sinabs
for an older nir. This file needs nothing of spinspike. Every network has 12 inputs, 20 neurons and
5 neurons, weights drawn by PyTorch and made larger until both layers spike; neurons are set to
reset to 0 at once, which is what NIR can say. Input is 60 steps of random spikes, 3 patterns. A
file NAME.nir goes with NAME.npz: input, output (steps, patterns, neurons), and dt, the time step
at which forward Euler does what the tool does.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS, PATTERNS, SIZES = 60, 3, (12, 20, 5)
Made = tuple[str, Any, NDArray[Any], float]  # name, NIR graph, output, dt


def module(name: str) -> Any:
    """Import what only the environment of one tool has."""
    return importlib.import_module(name)


def spikes() -> Any:
    rng = np.random.default_rng(0)
    drawn = rng.random((STEPS, PATTERNS, SIZES[0])) < 0.25
    return module("torch").tensor(drawn.astype(np.float32))


def linear(layer: int, factor: float) -> Any:
    torch = module("torch")
    made = torch.nn.Linear(*SIZES[layer : layer + 2])
    made.weight.data.mul_(factor)
    return made


def snntorch() -> list[Made]:
    snn, nn, torch = module("snntorch"), module("torch").nn, module("torch")
    export = module("snntorch.export_nir").export_to_nir
    sample = spikes()

    def full(layer: int, value: float) -> Any:
        return torch.full((SIZES[layer],), value)

    def options(layer: int, threshold: float) -> dict[str, Any]:
        return {
            "threshold": full(layer, threshold),
            "reset_mechanism": "zero",
            "reset_delay": False,
            "init_hidden": True,
            "output": layer == 2,
        }

    def last(threshold: float) -> Any:
        return snn.Leaky(beta=full(2, 0.8), **options(2, threshold))

    networks = {
        "snntorch_leaky": (snn.Leaky(beta=full(1, 0.9), **options(1, 1.0)), last(0.4)),
        "snntorch_synaptic": (
            snn.Synaptic(alpha=full(1, 0.7), beta=full(1, 0.9), **options(1, 1.0)),
            snn.Synaptic(alpha=full(2, 0.6), beta=full(2, 0.8), **options(2, 0.5)),
        ),
        "snntorch_rleaky": (
            snn.RLeaky(beta=full(1, 0.9), linear_features=SIZES[1], **options(1, 1.0)),
            last(0.4),
        ),
    }
    found: list[Made] = []
    for name, (first, second) in networks.items():
        network = nn.Sequential(linear(0, 2.5), first, linear(1, 2.5), second)
        output = [network(x)[0].numpy() for x in sample]
        for layer in (first, second):
            layer.reset_mem()
        found.append((name, export(network, sample[0, 0]), np.array(output), 1e-4))
    return found


def norse() -> list[Made]:
    tool, torch = module("norse.torch"), module("torch")
    sample = spikes()

    def cell(layer: int, threshold: float) -> Any:
        zero = torch.zeros(SIZES[layer])
        parameters = tool.LIFBoxParameters(
            tau_mem_inv=zero + 100.0, v_leak=zero, v_th=zero + threshold, v_reset=zero
        )
        return tool.LIFBoxCell(parameters)

    network = tool.SequentialState(linear(0, 4.0), cell(1, 0.2), linear(1, 4.0), cell(2, 0.03))
    state, output = None, []
    for x in sample:
        out, state = network(x, state)
        output.append(out.numpy())
    # Norse steps by 1 ms x 100 / s = 1/10 of the way, and writes tau = 1 ms / 100: so dt is 1e-6
    return [("norse_lifbox", tool.to_nir(network, sample[0, 0]), np.array(output), 1e-6)]


def sinabs() -> list[Made]:
    layers, act, torch = module("sinabs.layers"), module("sinabs.activation"), module("torch")
    rows = spikes().transpose(0, 1).reshape(PATTERNS * STEPS, SIZES[0])
    options = {
        "batch_size": PATTERNS,
        "spike_fn": act.SingleSpike,
        "reset_fn": act.MembraneReset(),
        "min_v_mem": None,
    }
    tau = 20.0

    def iaf(layer: int, threshold: float) -> Any:
        return layers.IAFSqueeze(spike_threshold=torch.tensor(threshold), **options)

    def lif(layer: int, threshold: float) -> Any:
        of = torch.full((SIZES[layer],), 1.0)
        return layers.LIFSqueeze(tau_mem=tau * of, spike_threshold=threshold * of, **options)

    found: list[Made] = []
    # Sinabs decays by exp(-1 / tau) in a step, forward Euler by 1 - dt / tau
    euler = tau * (1 - np.exp(-1 / tau))
    for name, kind, dt, thresholds in (
        ("sinabs_iaf", iaf, 1.0, (1.0, 0.5)),
        ("sinabs_lif", lif, euler, (0.1, 0.02)),
    ):
        first, second = kind(1, thresholds[0]), kind(2, thresholds[1])
        network = torch.nn.Sequential(linear(0, 3.0), first, linear(1, 3.0), second)
        output = network(rows).reshape(PATTERNS, STEPS, SIZES[2]).transpose(0, 1).numpy()
        for layer in (first, second):
            layer.reset_states()
        found.append((name, module("sinabs.nir").to_nir(network, rows), output, float(dt)))
    return found


TOOLS: dict[str, Callable[[], list[Made]]] = {
    "snntorch": snntorch,
    "norse": norse,
    "sinabs": sinabs,
}


def main(tool: str, folder: Path) -> None:
    torch = module("torch")
    torch.manual_seed(0)
    with torch.no_grad():
        for name, graph, output, dt in TOOLS[tool]():
            module("nir").write(folder / f"{name}.nir", graph)
            np.savez_compressed(
                folder / f"{name}.npz",
                input=spikes().numpy().astype(np.uint8),
                output=output.astype(np.uint8),
                dt=dt,
            )
            print(f"{name}: {output.sum():g} spikes of {output.size}, largest {output.max():g}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
