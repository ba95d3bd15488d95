"""The commands about NIR, the format in which tools exchange spiking networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinspike.cli.commands.inputs import Commands

from .options import Force, Json

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.table import Table

    from spinspike.mapping.nir.graph import NirGraph

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Exchange networks with other tools as NIR files (.nir).",
)

Nir = Annotated[Path, typer.Argument(help="NIR file (.nir), of any tool.")]
Step = Annotated[
    float,
    typer.Option(
        "--dt",
        help="Time step in the unit of the file's time constants: 1e-4 for snnTorch and for files "
        "written here, 1 for Sinabs.",
    ),
]
Told = Annotated[
    str | None,
    typer.Option(
        "--dt",
        help="Time step in the unit of the file's time constants, or auto: what the file tells. "
        "Without it, 1e-4, as in files written here; with --from, as auto.",
    ),
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        help="Read the file as the tool means it that wrote it: snntorch, norse, sinabs, rockpool, "
        "spyx; auto, the one that its numbers tell; nir, as NIR has it.",
    ),
]
Integrate = Annotated[
    str | None,
    typer.Option(
        help="What I and IF nodes add for an input of 1: dt, r times --dt, as NIR's equation has "
        "it; step, r, as other tools have it. Without it, as --from says."
    ),
]
Late = Annotated[
    str,
    typer.Option(
        help="What arrives a step later in cycles: all, whatever a neuron sends there; closing, only "
        "what leads back to a neuron no farther from the inputs, as in nirtorch, snnTorch and Norse."
    ),
]
Reset = Annotated[
    str | None,
    typer.Option(
        help="What a spike does to the membrane: value, sets it to v_reset; subtract, takes the "
        "threshold from it; value-late, subtract-late, in the next step; none. Without it, as --from "
        "says."
    ),
]
Spikes = Annotated[
    str | None,
    typer.Option(
        help="Spikes of a neuron in a step: one, or several, as often as the threshold fits in. "
        "Without it, as --from says."
    ),
]


@app.command("write")
def write_nir(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="NIR file to write (.nir).")],
    signed: Annotated[
        bool,
        typer.Option(
            "--signed",
            help="One population and signed weights, for tools that know no more; there is no way "
            "back to the graph.",
        ),
    ] = False,
    portable: Annotated[
        bool,
        typer.Option(
            "--portable",
            help="The plainest form, for other tools' readers (snnTorch 1.0 makes the same spikes of "
            "it): one input, one population, one recurrent matrix, no readout and no delays.",
        ),
    ] = False,
    dt: Step = 1e-4,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a mapped graph as NIR: excitatory and inhibitory populations, exact weights.

    With time steps of --dt, forward Euler, it does spike for spike what the graph does. Images
    enter as `bias_P`, added to the field of population P, or as spikes of the input populations.
    With --portable `input` takes one array: what is added to the field of each neuron, then the
    spikes of the supervisory and of the input neurons.

    Example: `spinspike nir write graph.h5 -o graph.nir`
    """
    from spinspike.errors import BadInput
    from spinspike.mapping.graph.graph_file import load
    from spinspike.mapping.nir.file import read
    from spinspike.outputs import check_target
    from spinspike.simulators.exchange.nir import write

    check_target(output, force=force)
    if signed and portable:
        message = "--signed and --portable are given; allowed: one of them"
        raise BadInput(message)
    form = "portable" if portable else "signed" if signed else "populations"
    write(load(graph), output, dt=dt, form=form, force=force)
    _show(read(output), form, output, as_json=as_json)


@app.command("read")
def read_nir(
    file: Nir,
    output: Annotated[Path, typer.Option("--output", "-o", help="Graph file to write (.h5).")],
    dt: Told = None,
    source: From = "nir",
    late: Late = "all",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Read a NIR file into a graph file.

    What `nir write` wrote comes back exactly, but for the fixed points. Files of other tools are
    taken if their neurons remember nothing from one step to the next and their weights are whole
    multiples of one number; `check --for chip` says what stands against it.

    Example: `spinspike nir read graph.nir -o graph.h5`
    """
    from spinspike.mapping.graph.graph_file import save
    from spinspike.mapping.nir.export import is_ours
    from spinspike.mapping.nir.file import read
    from spinspike.mapping.nir.imported import synapse_graph
    from spinspike.mapping.nir.producers import Choices, read_as
    from spinspike.outputs import check_target
    from spinspike.studies.page.terminal import show, table

    check_target(output, force=force)
    found, step = read_as(read(file), Choices(source=source, dt=dt, late=late))
    graph = synapse_graph(found, dt=step, where=str(file))
    save(output, graph, force=force)
    summary = {
        "graph": str(output),
        "ours": is_ours(found),
        "encoding": graph.encoding,
        "neurons": graph.neurons,
        "synapses": graph.synapses,
    }
    rows = [[name, str(value)] for name, value in summary.items()]
    shown = table(f"Read {file}", "", "", rows=rows)
    show(summary, shown, as_json=as_json, last=f"{graph.neurons:,} neurons: {output}")


@app.command("run")
def run_nir(
    file: Nir,
    inputs: Annotated[
        Path,
        typer.Option(
            "--input",
            "-i",
            help="Arrays (.npz): (steps, patterns, …) under the name of each Input node.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Arrays to write (.npz).")],
    record: Annotated[
        list[str] | None,
        typer.Option(
            "--record",
            help="Another node to record, or NODE.v, the membrane of a neuron; repeat it.",
        ),
    ] = None,
    dt: Told = None,
    source: From = "nir",
    integrate: Integrate = None,
    late: Late = "all",
    reset: Reset = None,
    spikes: Spikes = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Run a NIR file step by step, forward Euler, and write what its Output nodes get.

    What could be read in several ways, and how it was, is said with the result; so is silence.

    Example: `spinspike nir run net.nir -i spikes.npz -o out.npz --dt 1e-4`
    """
    from spinspike.mapping.nir.file import read
    from spinspike.mapping.nir.notices import notices, silence
    from spinspike.mapping.nir.producers import Choices, read_as
    from spinspike.npz import read_npz_arrays, read_whole_npz, write_npz
    from spinspike.outputs import check_target, replacing
    from spinspike.simulators.exchange.nir_executor import run
    from spinspike.studies.page.terminal import show, table

    check_target(output, force=force)
    graph, step = read_as(read(file), Choices(source, dt, integrate, late, reset, spikes))
    names, others = graph.named("Input"), {*graph.nodes} - {*graph.named("Input")}
    held = read_whole_npz(inputs, names, others, what="input")
    given = read_npz_arrays(inputs, names)
    done = run(graph, given, dt=step, record=record or ())
    with replacing(output, force=force) as temporary:
        write_npz(temporary, done.sent, packed=False)
    summary: dict[str, Any] = {
        name: {"shape": list(value.shape), "sum": _sum(value)} for name, value in done.sent.items()
    }
    notes = [*notices(graph, dt=step), *silence(done.spikes, graph, dt=step)]
    notes += [f"array {name} of {inputs} is no input: not read" for name in held if name in others]
    rows = [[n, str(tuple(s["shape"])), _shown_sum(s["sum"])] for n, s in summary.items()]
    summary["/notes"] = notes  # no node can be called so
    shown = table(f"Run of {file}", "node", "steps, patterns, …", "sum", rows=rows)
    last = f"{len(done.sent)} arrays: {output}"
    show(summary, shown, *_noted(notes), as_json=as_json, last=last)


def convert(
    file: Nir,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    to: Annotated[str, typer.Option("--to", help="lava, the only one so far.")] = "lava",
    dt: Told = None,
    source: From = "nir",
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Run both, on random spikes, and count the spikes that differ; needs lava-nc.",
        ),
    ] = False,
    integrate: Integrate = None,
    late: Late = "all",
    reset: Reset = None,
    spikes: Spikes = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a Lava program of a NIR file, feed-forward or recurrent, in floating point.

    The folder needs lava-nc, NumPy and SciPy only; `python network.py inputs.npz -o spikes.npz` in
    it runs the network. Exit code 1 when --compare finds a difference, or no spike to compare.

    Example: `spinspike convert net.nir --to lava -o lava_net --compare`
    """
    from spinspike.errors import BadInput
    from spinspike.mapping.nir.file import read
    from spinspike.mapping.nir.notices import notices
    from spinspike.mapping.nir.producers import Choices, read_as
    from spinspike.simulators.exchange.folder import check_place
    from spinspike.simulators.exchange.nir_lava import MADE, to_lava, write_network
    from spinspike.studies.page.terminal import show, table

    if to != "lava":
        message = f"--to is {to!r}; allowed: lava"
        raise BadInput(message)
    check_place(output, MADE, force=force)
    graph, step = read_as(read(file), Choices(source, dt, integrate, late, reset, spikes))
    network = to_lava(graph, dt=step)
    write_network(network, output, force=force)
    summary: dict[str, Any] = {
        "folder": str(output),
        "neurons": {name: n.size for name, n in network.neurons.items()},
        "connections": len(network.connections),
        "inputs": dict(network.inputs),
    }
    notes = notices(graph, dt=step)
    if compare:
        compared, silent = _compared(graph, step)
        summary |= compared
        notes += silent
    rows = [[name, str(value)] for name, value in summary.items()]
    summary["notes"] = notes
    shown = table(f"{file} on Lava", "", "", rows=rows)
    verdict = f"{summary['verdict']}; " if compare else ""
    last = f"{verdict}Lava program: {output}"
    show(summary, shown, *_noted(notes), as_json=as_json, last=last)
    if summary.get("verdict", "same") != "same":
        raise typer.Exit(1)


COMPARED = (100, 2)  # steps and patterns


def _compared(graph: NirGraph, dt: float) -> tuple[dict[str, Any], list[str]]:
    """Outputs on Lava and by the executor, for random spikes as input; and what to say of it."""
    import numpy as np

    from spinspike.mapping.nir.graph import INTEGRATORS
    from spinspike.mapping.nir.notices import silence
    from spinspike.mapping.nir.shapes import shapes
    from spinspike.simulators.exchange.nir_executor import run
    from spinspike.simulators.exchange.nir_lava import run as run_on_lava
    from spinspike.simulators.exchange.nir_lava import to_lava

    rng, size = np.random.default_rng(0), shapes(graph)
    inputs: dict[str, NDArray[Any]] = {
        name: (rng.random((*COMPARED, *size[name])) < 0.3).astype(np.float64)
        for name in graph.named("Input")
    }
    done, network = run(graph, inputs, dt=dt), to_lava(graph, dt=dt)
    found = run_on_lava(network, inputs)
    flat = {name: value.reshape(found[name].shape) for name, value in done.sent.items()}
    membranes = [n for n, node in network.outputs.items() if graph.nodes[node].kind in INTEGRATORS]
    differing = sum(
        int((~np.isclose(flat[n], found[n]) if n in membranes else flat[n] != found[n]).sum())
        for n in found
    )
    spikes = int(sum(value.sum() for name, value in flat.items() if name not in membranes))
    something = spikes or any(flat[name].any() for name in membranes)
    verdict = "differs" if differing else "same" if something else "undecided"
    notes = silence(done.spikes, graph, dt=dt)
    if verdict == "undecided":
        notes = notes or ["no spikes at the outputs: nothing was compared"]
    return {"spikes": spikes, "differing": differing, "verdict": verdict}, notes


def _sum(values: NDArray[Any]) -> float | None:
    """Of finite numbers; none if a double does not hold it."""
    import numpy as np

    with np.errstate(over="ignore"):
        total = float(values.sum())
    return total if np.isfinite(total) else None


def _shown_sum(total: float | None) -> str:
    return "too large" if total is None else f"{total:g}"


def _noted(notes: list[str]) -> list[Table]:
    from spinspike.studies.page.terminal import table

    return [table("Notes", "", rows=[[note] for note in notes])] if notes else []


def _show(graph: NirGraph, form: str, output: Path, *, as_json: bool) -> None:
    """Nodes of a graph, counted by kind."""
    from collections import Counter

    from spinspike.studies.page.terminal import show, table

    kinds = Counter(node.kind for node in graph.nodes.values())
    summary = {"nodes": dict(kinds), "edges": len(graph.edges)}
    rows = [[kind, str(count)] for kind, count in kinds.items()]
    shown = table(f"NIR, form {form}", "node", "count", rows=rows)
    last = f"{len(graph.nodes)} nodes, {len(graph.edges)} edges: {output}"
    show(summary, shown, as_json=as_json, last=last)
