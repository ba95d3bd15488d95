"""NIR files by other tools' own exporters, with what those tools compute: test cases for ours.

    python benchmarks/nir_producers.py write TOOL FOLDER     the files, and what the tool computes
    python benchmarks/nir_producers.py back TOOL FOLDER      the tool reads files of FOLDER, and runs them
    python benchmarks/nir_producers.py portable TOOL FOLDER  likewise graphs in the portable form

TOOL is snntorch, norse, sinabs, rockpool or spyx; `portable` knows nirtorch, too. Each needs an
environment of its own: PyTorch asks for another NumPy than Lava, and Sinabs for an older nir.
`nir_zoo.py` makes them and calls this file, which needs nothing of spinspike.

The networks are those of the tools' documentations, made small: settings that nobody mentions are
the tools' own. Weights are drawn by the tool and made larger until both layers spike. Input is 60
steps of random spikes, 3 patterns. A file NAME.nir goes with NAME.npz: input, output (steps,
patterns, neurons), and options, how `spinspike nir run` is to read the file: what a file cannot
say, a choice of the network's. What a tool does not export is listed in refused.json, its reason beside it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STEPS, PATTERNS, SIZES = 60, 3, (12, 20, 5)
IMAGE = (2, 8, 8)
PATIENCE, LONG = 15, 600  # seconds for a small file, for digits


class Case(NamedTuple):
    """A network, how it is run and exported."""

    name: str
    make: Callable[[], Any]  # the network
    options: str = ""  # of `spinspike nir run`, beside --from
    image: bool = False


def module(name: str) -> Any:
    """Import what only the environment of one tool has."""
    return importlib.import_module(name)


def spikes(shape: tuple[int, ...]) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return (rng.random((STEPS, PATTERNS, *shape)) < 0.25).astype(np.float32)


def linear(layer: int, factor: float, *, bias: bool = True) -> Any:
    made = module("torch").nn.Linear(*SIZES[layer : layer + 2], bias=bias)
    made.weight.data.mul_(factor)
    return made


def conv(factor: float, *, bias: bool = True) -> Any:
    made = module("torch").nn.Conv2d(IMAGE[0], 3, 3, padding=1, bias=bias)
    made.weight.data.mul_(factor)
    return made


def flat_linear(width: int, factor: float) -> Any:
    made = module("torch").nn.Linear(width, SIZES[2])
    made.weight.data.mul_(factor)
    return made


def inferred(graph: Any) -> Any:
    """With the shapes of convolutions, without which nir does not write them."""
    if any(type(node).__name__.startswith("Conv") for node in graph.nodes.values()):
        graph.infer_types()
    return graph


# ------------------------------------------------------------------------------------ snnTorch


def snntorch_cases() -> Iterator[Case]:
    """Numbers are given for each neuron: with one for all, as in its documentation, export raises."""
    snn, torch = module("snntorch"), module("torch")
    nn = torch.nn

    def two(kind: Any, first: dict[str, Any], second: dict[str, Any], **both: Any) -> Any:
        def of(layer: int, values: dict[str, Any]) -> dict[str, Any]:
            values = {"threshold": 1.0, **values}
            wide = {
                n: torch.full((SIZES[layer],), v) for n, v in values.items() if type(v) is float
            }
            return {**values, **wide, **both, "init_hidden": True}

        return lambda: nn.Sequential(
            linear(0, 2.5), kind(**of(1, first)), linear(1, 2.5), kind(output=True, **of(2, second))
        )

    slow, fast = {"beta": 0.9}, {"beta": 0.8}
    late, once, none = "--reset value-late", "--reset value", "--reset none"
    zero = {"reset_mechanism": "zero"}
    yield Case("leaky", two(snn.Leaky, slow, fast))
    yield Case("leaky_zero", two(snn.Leaky, slow, fast, **zero), once)  # as Leaky alone has it
    yield Case("leaky_zero_at_once", two(snn.Leaky, slow, fast, **zero, reset_delay=False), once)
    yield Case("leaky_without_reset", two(snn.Leaky, slow, fast, reset_mechanism="none"), none)
    yield Case(
        "leaky_vectors",
        two(
            snn.Leaky,
            {"beta": torch.linspace(0.5, 0.95, 20), "threshold": torch.linspace(0.5, 1.5, 20)},
            {"beta": torch.linspace(0.5, 0.95, 5)},
            learn_beta=True,
        ),
    )
    yield Case("leaky_beta_1", two(snn.Leaky, {"beta": 1.0}, {"beta": 1.0}))
    yield Case(
        "documentation",
        lambda: nn.Sequential(
            linear(0, 2.5),
            snn.Leaky(beta=0.9, init_hidden=True),
            linear(1, 2.5),
            snn.Leaky(beta=0.9, init_hidden=True, output=True),
        ),
    )
    one, other = {"alpha": 0.7, **slow}, {"alpha": 0.6, **fast}
    yield Case("synaptic", two(snn.Synaptic, one, other))
    yield Case("synaptic_zero", two(snn.Synaptic, one, other, **zero), late)
    all_first, all_second = {"linear_features": SIZES[1]}, {"linear_features": SIZES[2]}
    yield Case("rleaky", two(snn.RLeaky, {**slow, **all_first}, {**fast, **all_second}))
    yield Case(
        "rleaky_zero", two(snn.RLeaky, {**slow, **all_first}, {**fast, **all_second}, **zero), late
    )
    own_first = {"V": torch.linspace(-0.5, 0.5, SIZES[1])}
    own_second = {"V": torch.linspace(-0.5, 0.5, SIZES[2])}
    yield Case(
        "rleaky_one_to_one",
        two(snn.RLeaky, {**slow, **own_first}, {**fast, **own_second}, all_to_all=False),
    )
    yield Case("rsynaptic", two(snn.RSynaptic, {**one, **all_first}, {**other, **all_second}))
    yield Case(
        "conv",
        lambda: nn.Sequential(
            conv(9.0),
            nn.AvgPool2d(2),
            snn.Leaky(beta=torch.full((3, 4, 4), 0.9), threshold=torch.ones(3, 4, 4), init_hidden=True),
            nn.Flatten(),
            flat_linear(48, 2.5),
            snn.Leaky(beta=torch.full((5,), 0.8), threshold=torch.ones(5), init_hidden=True, output=True),
        ),
        image=True,
    )  # fmt: skip


def snntorch_run(network: Any, x: NDArray[Any]) -> NDArray[Any]:
    torch = module("torch")
    for layer in network:
        if hasattr(layer, "reset_mem"):
            layer.reset_mem()
    return np.array([network(torch.tensor(step))[0].numpy() for step in x])


def snntorch_export(network: Any, x: NDArray[Any]) -> Any:
    sample = module("torch").tensor(x[0][:1])
    graph = module("snntorch.export_nir").export_to_nir(network, sample, ignore_dims=[0])
    for layer in network:  # states of one pattern are left
        if hasattr(layer, "mem"):
            layer._init_mem()
    return graph


def snntorch_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    """Run what snnTorch makes of a file; its dt is 1e-4, whatever ours."""
    torch = module("torch")
    network = module("snntorch.import_nir").import_from_nir(module("nir").read(path))
    state, found = None, []
    for step in x:
        out, state = network(torch.tensor(step), state)
        found.append(out.numpy())
    return np.array(found)


# --------------------------------------------------------------------------------------- Norse


def norse_cases() -> Iterator[Case]:
    tool, torch = module("norse.torch"), module("torch")
    nn = torch.nn

    def box(layer: int, threshold: float, **other: Any) -> Any:
        zero = torch.zeros(SIZES[layer])
        options = {"tau_mem_inv": zero + 100.0, "v_leak": zero, "v_th": zero + threshold}
        return tool.LIFBoxCell(tool.LIFBoxParameters(**options, v_reset=zero, **other))

    def lif(layer: int, threshold: float) -> Any:
        zero = torch.zeros(SIZES[layer])
        options = {"tau_mem_inv": zero + 100.0, "tau_syn_inv": zero + 200.0, "v_leak": zero}
        return tool.LIFCell(tool.LIFParameters(**options, v_th=zero + threshold, v_reset=zero))

    def chain(*parts: Any) -> Any:
        return tool.SequentialState(*parts)

    yield Case("lifbox", lambda: chain(linear(0, 4.0), box(1, 0.2), linear(1, 4.0), box(2, 0.03)))
    yield Case(
        "lifbox_as_it_comes",
        lambda: chain(linear(0, 20.0), tool.LIFBoxCell(), linear(1, 20.0), tool.LIFBoxCell()),
    )
    yield Case("lif", lambda: chain(linear(0, 4.0), lif(1, 0.2), linear(1, 4.0), lif(2, 0.03)))
    yield Case(
        "lif_as_it_comes",
        lambda: chain(linear(0, 8.0), tool.LIFCell(), linear(1, 8.0), tool.LIFCell()),
    )
    subtract = {"reset_method": module("norse.torch.functional.reset").reset_subtract}
    yield Case(
        "lifbox_subtract",
        lambda: chain(linear(0, 4.0), box(1, 0.1, **subtract), linear(1, 4.0), box(2, 0.03, **subtract)),
        "--reset subtract",
    )  # fmt: skip
    yield Case("iaf", lambda: chain(linear(0, 3.0), tool.IAFCell(), linear(1, 3.0), tool.IAFCell()))
    yield Case(
        "readout", lambda: chain(linear(0, 4.0), box(1, 0.2), linear(1, 1.0), tool.LIBoxCell())
    )
    yield Case(
        "recurrent",
        lambda: chain(
            linear(0, 4.0),
            tool.RecurrentSequential(box(1, 0.2), nn.Linear(SIZES[1], SIZES[1]), output_modules=1),
            linear(1, 4.0),
            box(2, 0.03),
        ),
    )
    yield Case(
        "lif_recurrent_cell",
        lambda: chain(linear(0, 4.0), tool.LIFRecurrentCell(SIZES[1], SIZES[1])),
    )
    image = torch.zeros(3, *IMAGE[1:])

    def image_box() -> Any:
        options = {"tau_mem_inv": image + 100.0, "v_leak": image, "v_th": image + 0.2}
        return tool.LIFBoxCell(tool.LIFBoxParameters(**options, v_reset=image))

    yield Case("conv", lambda: chain(conv(4.0), image_box()), image=True)
    yield Case(
        "conv_flatten",
        lambda: chain(conv(4.0), image_box(), nn.Flatten(), flat_linear(192, 4.0), box(2, 0.03)),
        image=True,
    )


def norse_run(network: Any, x: NDArray[Any]) -> NDArray[Any]:
    torch = module("torch")
    state, found = None, []
    for step in x:
        out, state = network(torch.tensor(step), state)
        found.append(out.numpy())
    return np.array(found)


def norse_export(network: Any, x: NDArray[Any]) -> Any:
    flat = any(type(part).__name__ == "Flatten" for part in network)  # which wants a batch
    sample = module("torch").tensor(x[0][:1] if flat else x[0][0])
    return inferred(module("norse.torch").to_nir(network, sample))


def norse_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    network = module("norse.torch").from_nir(module("nir").read(path), dt=dt)
    return norse_run(network, x)


# -------------------------------------------------------------------------------------- Sinabs


def sinabs_cases() -> Iterator[Case]:
    layers, act, torch = module("sinabs.layers"), module("sinabs.activation"), module("torch")
    nn = torch.nn
    many = {"batch_size": PATTERNS}

    def chain(kind: Any, factor: float = 3.0, **options: Any) -> Any:
        return lambda: nn.Sequential(
            linear(0, factor),
            kind(**many, **options),
            linear(1, factor),
            kind(**many, **options),
        )

    one = {"spike_fn": act.SingleSpike}
    zero = {"reset_fn": act.MembraneReset()}
    yield Case("iaf", chain(layers.IAFSqueeze))
    yield Case("iaf_single", chain(layers.IAFSqueeze, **one), "--spikes one")
    yield Case("iaf_reset", chain(layers.IAFSqueeze, **one, **zero), "--spikes one --reset value")
    yield Case("iaf_floor", chain(layers.IAFSqueeze, min_v_mem=-1.0))
    low = {"spike_threshold": torch.tensor(0.2)}
    yield Case("lif", chain(layers.LIFSqueeze, 6.0, tau_mem=20.0, **low))
    yield Case(
        "lif_not_normed",
        chain(layers.LIFSqueeze, tau_mem=20.0, norm_input=False),
        "--integrate step",
    )
    yield Case("lif_tau_syn", chain(layers.LIFSqueeze, 6.0, tau_mem=20.0, tau_syn=10.0, **low))
    yield Case(
        "readout",
        lambda: nn.Sequential(
            linear(0, 3.0),
            layers.IAFSqueeze(**many),
            linear(1, 1.0),
            layers.ExpLeakSqueeze(tau_mem=20.0, **many),
        ),
    )
    yield Case(
        "conv",
        lambda: nn.Sequential(
            conv(2.0),
            layers.IAFSqueeze(**many),
            layers.SumPool2d(2),
            nn.Flatten(),
            flat_linear(48, 2.0),
            layers.IAFSqueeze(**many),
        ),
        image=True,
    )
    yield Case(
        "lif_recurrent",
        lambda: nn.Sequential(
            linear(0, 3.0),
            layers.LIFRecurrent(tau_mem=20.0, rec_connect=nn.Linear(SIZES[1], SIZES[1])),
        ),
    )


def sinabs_run(network: Any, x: NDArray[Any]) -> NDArray[Any]:
    """Steps of a pattern follow each other in one axis, but for recurrent layers."""
    torch = module("torch")
    if has_recurrent(network):
        return np.asarray(network(torch.tensor(x).transpose(0, 1)).transpose(0, 1))
    for layer in network.modules() if hasattr(network, "modules") else ():
        if hasattr(layer, "reset_states"):
            layer.reset_states()
    rows = torch.tensor(x).transpose(0, 1).reshape(PATTERNS * STEPS, *x.shape[2:])
    found = network(rows)
    found = found[0] if isinstance(found, tuple) else found
    return np.asarray(found.reshape(PATTERNS, STEPS, *found.shape[1:]).transpose(0, 1))


def has_recurrent(network: Any) -> bool:
    return any(type(part).__name__ == "LIFRecurrent" for part in network.modules())


def sinabs_export(network: Any, x: NDArray[Any]) -> Any:
    torch = module("torch")
    if has_recurrent(network):
        return module("sinabs.nir").to_nir(network, torch.tensor(x).transpose(0, 1))
    rows = torch.tensor(x).transpose(0, 1).reshape(PATTERNS * STEPS, *x.shape[2:])
    return inferred(module("sinabs.nir").to_nir(network, rows))


def sinabs_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    network = module("sinabs.nir").from_nir(module("nir").read(path), batch_size=x.shape[1])
    return sinabs_run(network, x)


# ------------------------------------------------------------------------------------ Rockpool


def rockpool_cases() -> Iterator[Case]:
    nn, torch = module("rockpool.nn.modules"), module("torch")
    sequential = module("rockpool.nn.combinators").Sequential

    def weights(layer: int, factor: float, *, bias: bool = False) -> Any:
        made = nn.LinearTorch(SIZES[layer : layer + 2], has_bias=bias)
        made.weight.data.mul_(factor)
        return made

    def chain(kind: Any, factor: float = 0.3, *, biases: bool = False, **options: Any) -> Any:
        return lambda: sequential(
            weights(0, factor, bias=biases),
            kind(SIZES[1], **options),
            weights(1, factor, bias=biases),
            kind(SIZES[2], **options),
        )

    yield Case("lif", chain(nn.LIFTorch))
    yield Case("lif_dt", chain(nn.LIFTorch, 1.0, tau_mem=0.03, tau_syn=0.01, dt=5e-3))
    yield Case("lif_linear_bias", chain(nn.LIFTorch, 0.2, biases=True))
    yield Case("lif_bias", chain(nn.LIFTorch, bias=0.05))
    yield Case(
        "lif_one_spike", chain(nn.LIFTorch, 0.5, max_spikes_per_dt=torch.tensor(1.0)), "--spikes one"
    )  # fmt: skip
    yield Case("lif_neuron", chain(nn.LIFNeuronTorch, 1.0, tau_mem=torch.full((1,), 0.02)))
    yield Case(
        "readout",
        lambda: sequential(weights(0, 0.3), nn.LIFTorch(SIZES[1]), weights(1, 0.3), nn.ExpSynTorch(SIZES[2])),
    )  # fmt: skip
    yield Case(
        "lif_recurrent",
        lambda: sequential(
            weights(0, 0.3),
            nn.LIFTorch(SIZES[1], has_rec=True, weight_init_func=lambda n: 0.02 * torch.randn(n)),
            weights(1, 0.3),
            nn.LIFTorch(SIZES[2]),
        ),
    )  # fmt: skip


def rockpool_run(network: Any, x: NDArray[Any]) -> NDArray[Any]:
    """Each pattern by itself, from silence."""
    torch, found = module("torch"), []
    for pattern in range(x.shape[1]):
        network.reset_state()
        out, *_ = network(torch.tensor(x[None, :, pattern]))
        found.append(out[0].detach().numpy())
    return np.array(found).swapaxes(0, 1)


def rockpool_export(network: Any, x: NDArray[Any]) -> Any:
    return module("rockpool.nn.modules.torch.nir").to_nir(network)


def rockpool_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    torch, found = module("torch"), []
    for pattern in range(x.shape[1]):
        network = module("rockpool.nn.modules.torch.nir").from_nir(path)
        out, *_ = network(torch.tensor(x[None, :, pattern]))
        found.append(out[0].detach().numpy())
    return np.array(found).swapaxes(0, 1)


# ---------------------------------------------------------------------------------------- Spyx


def spyx_cases() -> Iterator[Case]:
    nn, nnx, jax = module("spyx.nn"), module("flax.nnx"), module("jax")
    rngs = nnx.Rngs(0)

    def weights(inputs: int, outputs: int, factor: float, *, bias: bool = False) -> Any:
        made = nnx.Linear(inputs, outputs, use_bias=bias, rngs=rngs)
        made.kernel[...] = made.kernel[...] * factor
        return made

    def chain(first: Any, second: Any, factor: float = 2.0, *, bias: bool = False) -> Any:
        return nn.Sequential(
            weights(*SIZES[:2], factor, bias=bias), first, weights(*SIZES[1:], factor, bias=bias), second
        )  # fmt: skip

    def two(kind: Any, factor: float = 2.0, **options: Any) -> Any:
        return lambda: chain(
            kind((SIZES[1],), **options, rngs=rngs), kind((SIZES[2],), **options, rngs=rngs), factor
        )

    yield Case("lif", two(nn.LIF))
    yield Case("lif_scalar", two(nn.LIF, beta=0.8))
    yield Case("if", two(nn.IF))
    yield Case("cubalif", two(nn.CuBaLIF))
    yield Case("rif", two(nn.RIF))
    yield Case("rlif", two(nn.RLIF))
    yield Case("rcubalif", two(nn.RCuBaLIF))
    yield Case("psu_lif", two(nn.PSU_LIF))
    yield Case(
        "readout",
        lambda: chain(nn.LIF((SIZES[1],), rngs=rngs), nn.LI((SIZES[2],), rngs=rngs)),
    )

    def image(padding: str, width: int) -> Any:
        first = nnx.Conv(IMAGE[0], 3, (3, 3), padding=padding, rngs=rngs)
        side = IMAGE[1] if padding == "SAME" else IMAGE[1] - 2
        return lambda: nn.Sequential(
            first,
            nn.IF((side, side, 3)),
            nn.SumPool((2, 2), (2, 2), "VALID"),
            nn.Flatten(),
            weights(width, SIZES[2], 1.0),
            nn.LIF((SIZES[2],), beta=0.8, rngs=rngs),
        )

    assert jax
    yield Case("conv_same", image("SAME", 48), image=True)
    yield Case("conv_valid", image("VALID", 27), image=True)


def spyx_run(network: Any, x: NDArray[Any]) -> NDArray[Any]:
    """Channels come last in Spyx, first in NIR."""
    given = np.moveaxis(x, 2, -1) if x.ndim == 5 else x
    return np.asarray(module("spyx.nn").run(network, given)[0])


def spyx_export(network: Any, x: NDArray[Any]) -> Any:
    shape, out = {"input": np.array(x.shape[2:])}, {"output": np.array([SIZES[2]])}
    return module("spyx.nir").to_nir(network, shape, out, dt=1)


def spyx_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    given = np.moveaxis(x, 2, -1) if x.ndim == 5 else x
    _, out = module("spyx.nir").from_nir(module("nir").read(path), given, dt=dt)
    return np.asarray(out)


# ------------------------------------------------------------------------------------ nirtorch


def nirtorch_back(path: Path, x: NDArray[Any], dt: float) -> NDArray[Any]:
    """Has no neurons and loses the biases of an Affine, so those two are ours."""
    torch, nir = module("torch"), module("nir")
    parent: Any = torch.nn.Module

    class Neurons(parent):  # type: ignore[misc]  # of another environment
        def __init__(self, node: Any) -> None:
            super().__init__()
            self.p = [torch.tensor(a, dtype=torch.float32) for a in
                      (dt / node.tau, node.r, node.v_leak, node.v_threshold, node.v_reset)]  # fmt: skip

        def forward(self, x: Any, state: Any = None) -> Any:
            pull, r, leak, threshold, reset = self.p
            v = torch.zeros_like(x) if state is None else state
            v = v + pull * (leak - v + r * x)
            fired = v > threshold
            return fired.float(), torch.where(fired, reset, v)

    def affine(node: Any) -> Any:
        made = torch.nn.Linear(node.weight.shape[1], node.weight.shape[0])
        made.weight.data, made.bias.data = torch.tensor(node.weight), torch.tensor(node.bias)
        return made

    graph = nir.read(path)
    network = module("nirtorch").nir_to_torch(graph, {nir.Affine: affine, nir.LIF: Neurons})
    return norse_run(network, x)


TOOLS: dict[str, tuple[Any, ...]] = {
    "snntorch": (snntorch_cases, snntorch_run, snntorch_export, snntorch_back),
    "norse": (norse_cases, norse_run, norse_export, norse_back),
    "sinabs": (sinabs_cases, sinabs_run, sinabs_export, sinabs_back),
    "rockpool": (rockpool_cases, rockpool_run, rockpool_export, rockpool_back),
    "spyx": (spyx_cases, spyx_run, spyx_export, spyx_back),
    "nirtorch": (None, None, None, nirtorch_back),
}


def last_line(error: BaseException) -> str:
    told = str(error).strip().splitlines()
    return f"{type(error).__name__}: {told[-1] if told else ''}"[:300]


def put(path: Path, graph: Any) -> None:
    """Write a file; nir 1.0.8 packs all of it, and HDF5 packs no single number."""
    nir = module("nir")
    try:
        nir.write(path, graph)
    except TypeError as error:
        if "Scalar" not in str(error):
            raise
        nir.write(path, graph, compression=None)


def write(tool: str, folder: Path) -> None:
    cases, run, export, _ = TOOLS[tool]
    refused = {}
    for case in cases():
        seed()
        x = spikes(IMAGE if case.image else SIZES[:1])
        name = f"{tool}_{case.name}"
        try:
            network = case.make()
            if tool == "sinabs":  # its files hold shapes that a run brings
                output = run(network, x)
                graph = export(network, x)
            else:
                graph = export(network, x)
                output = run(network, x)
            put(folder / f"{name}.nir", graph)
        except Exception as error:  # noqa: BLE001  what a tool does not export is what is told
            refused[name] = last_line(error)
            (folder / f"{name}.nir").unlink(missing_ok=True)
            print(f"{name}: not exported: {refused[name]}")
            if os.environ.get("TRACE"):
                traceback.print_exc()
            continue
        np.savez_compressed(
            folder / f"{name}.npz",
            input=x.astype(np.uint8),
            output=output.astype(np.uint8) if (output == output.astype(np.uint8)).all() else output,
            options=np.array(case.options),
        )
        print(f"{name}: sum {output.sum():g} of {output.size}, largest {output.max():g}")
    (folder / "refused.json").write_text(json.dumps(refused, indent=1), encoding="utf-8")


def back(tool: str, folder: Path, patience: int = PATIENCE) -> None:
    """Run FOLDER/NAME.nir on the input of FOLDER/NAME.in.npz; what comes out goes to NAME.out.npz."""
    *_, load = TOOLS[tool]
    for path in sorted(folder.glob("*.nir")):
        with np.load(path.with_suffix(".in.npz"), allow_pickle=False) as file:
            x, dt = file["input"].astype(np.float32), float(file["dt"])
        seed()
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(patience)
        try:
            found = {"output": load(path, x, dt)}
        except Exception as error:  # noqa: BLE001  likewise
            found = {"error": np.array(last_line(error))}
            if os.environ.get("TRACE"):
                traceback.print_exc()
        signal.alarm(0)
        np.savez_compressed(path.with_suffix(".out.npz"), **found)


def too_long(*_: object) -> None:
    """Some readers follow a cycle of a graph without end."""
    message = "reading and running it took too long"
    raise TimeoutError(message)


def seed() -> None:
    if importlib.util.find_spec("torch"):
        torch = module("torch")
        torch.manual_seed(0)
        torch.set_grad_enabled(False)


def main(action: str, tool: str, folder: Path) -> None:
    actions: dict[str, Callable[[str, Path], None]] = {
        "write": write,
        "back": back,
        "portable": partial(back, patience=LONG),
    }
    actions[action](tool, folder)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
