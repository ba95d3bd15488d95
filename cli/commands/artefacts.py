"""The commands that work on what was trained. Their docstrings are the help that users read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from .options import Force, Json, Seed

if TYPE_CHECKING:
    from spinspike.mapping.quantisation.rounding import InputMode


def map_network(
    network: Annotated[Path, typer.Argument(help="Network file that `train` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Graph file to write (.h5).")],
    encoding: Annotated[
        str,
        typer.Option(
            help="signed: a neuron for each unit; dale: an excitatory and an inhibitory one; "
            "pushpull: one for up and one for down, excitation only."
        ),
    ] = "dale",
    bits: Annotated[int, typer.Option(help="Bits of a weight's magnitude, 1 to 8.")] = 8,
    input_mode: Annotated[
        str,
        typer.Option(
            "--input",
            help="How images come in: bias, binary spikes (images of two values only), or graded "
            "spikes of up to 16 levels.",
        ),
    ] = "bias",
    stochastic: Annotated[
        bool, typer.Option(help="Round up with the probability of the fraction.")
    ] = False,
    clip: Annotated[
        bool, typer.Option(help="Below 8 bits, clip strong couplings where margins gain by it.")
    ] = True,
    consolidate: Annotated[
        bool,
        typer.Option(
            help="Let the integers learn to hold the learned fixed points, instead of rounding "
            "each by itself; --stochastic and --clip then have no say."
        ),
    ] = True,
    reserve: Annotated[
        float,
        typer.Option(
            min=0.0,
            help="Standard deviations of the rounding error by which self-couplings grow; more of "
            "it holds more states, meant to be held or not.",
        ),
    ] = 2.25,
    new_autapses: Annotated[
        bool,
        typer.Option("--new-autapses", help="Let units without a self-coupling get one for that."),
    ] = False,
    readout: Annotated[
        bool, typer.Option(help="Readout neurons whose membranes name the class on the chip.")
    ] = True,
    autapses: Annotated[
        bool, typer.Option(help="Without: relay neurons carry the self-couplings.")
    ] = True,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Map a network to excitatory and inhibitory synapses with integer weights.

    Every number is checked against the chip's registers, and every fixed point gets its
    certificate: integer margins of at least 1 in all neurons prove that the graph holds it.

    Example: `spinspike map network.h5 -o graph.h5 --encoding pushpull --bits 4`
    """
    from spinspike.mapping import Rounding
    from spinspike.mapping import map_network as mapped
    from spinspike.mapping.graph.graph_file import save
    from spinspike.mapping.quantisation.consolidate import Consolidation
    from spinspike.model.network.network_file import load
    from spinspike.outputs import check_target
    from spinspike.studies.mapping import mapping_summary
    from spinspike.studies.page.terminal import show, spinner
    from spinspike.studies.validation.tables import mapping_tables

    check_target(output, force=force)
    rounding = Rounding(bits, cast("InputMode", input_mode), stochastic=stochastic, clip=clip)
    again = Consolidation(reserve=reserve, autapses=new_autapses)
    loaded = load(network)
    with spinner("map"):
        graph = mapped(
            loaded,
            consolidation=again if consolidate else None,
            encoding=encoding,
            rounding=rounding,
            on_chip_readout=readout,
            autapses=autapses,
            seed=seed,
        )
    save(output, graph, force=force)
    summary = mapping_summary(graph)
    last = f"{graph.neurons:,} neurons and {graph.synapses:,} synapses: {output}"
    show(summary, *mapping_tables(summary), as_json=as_json, last=last)


def export(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder, or .net file, to write.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="lava, pynn, net, sanafe, nir, fpga or c; snntorch, norse or nirtorch.",
        ),
    ] = "lava",
    board: Annotated[
        str, typer.Option(help="For fpga: icebreaker, ulx3s-25, ulx3s-85, or none, the core alone.")
    ] = "none",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Export a graph as a Lava or PyNN program in a folder of its own, or as a .net file.

    The Lava folder needs lava-nc and numpy only. `python network.py image.npy` in it classifies an
    image on Lava; `processes/` holds a hierarchical process with ports for the input, the
    supervisory signal and the spikes, to drop into a Lava program of your own. `network.txt` says
    all that is needed to build the network again with another tool.

    The PyNN folder needs PyNN and NEST or Brian2. `python network.py nest` in it forces a learned
    fixed point, lets go, and prints whether it is held; `--uncoupled` is the null.

    The .net file is one of lava-dl's netx (`lava.lib.dl.netx.hdf5.Network`); its group `spinspike`
    says in words what goes in and what comes out.

    The folder for SANA-FE holds its Loihi, chip.yaml, and the placed graph with one image,
    network.yaml. `--to nir` is `nir write`, snntorch, norse and nirtorch
    its portable form, which those tools run.

    The folder for fpga holds Verilog, memories, a test bench, what builds the bitstream and what feeds
    the board. `--to c` writes one C99 file of whole numbers for a microcontroller.

    What each leaves out is named by `spinspike check graph.h5 --for …`.

    Example: `spinspike export graph.h5 -o lava_network`
    """
    from spinspike.mapping.graph.graph_file import load
    from spinspike.outputs import check_target
    from spinspike.simulators.exchange.exporter import export as exported
    from spinspike.simulators.exchange.exporter import exporter
    from spinspike.simulators.exchange.folder import check_place
    from spinspike.studies.page.terminal import show, table

    made_by: Any = exporter(to)
    if written := getattr(made_by, "WRITTEN", None):  # a folder, and what may lie in it
        check_place(output, written, force=force)
    else:
        check_target(output, force=force)
    exported(load(graph), output, to=to, board=board, force=force)
    folder = output if output.is_dir() else output.parent
    written = [file for file in output.rglob("*") if file.is_file()] or [output]
    files = sorted(str(file.relative_to(folder)) for file in written)
    rows = [[name, f"{(folder / name).stat().st_size:,} bytes"] for name in files]
    show(
        {"folder": str(folder), "files": files},
        table(f"Exported to {output}", "file", "size", rows=rows),
        as_json=as_json,
        last=f"exported to {to}: {output}",
    )


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for report and files.")],
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", help="emulator, lava, brian2, nest or rtl; give it once for each simulator."
        ),
    ] = None,
    patterns: Annotated[int, typer.Option(min=1, help="Patterns of each run on Lava.")] = 200,
    brian2_patterns: Annotated[
        int, typer.Option(min=1, help="Patterns of each run in Brian2.")
    ] = 12,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """The whole chain on handwritten digits: train, map, export, validate, report.

    Writes network.h5, graph.h5, the exported Lava network, a report with plots and a page that plays
    the graph, interactive.html. Beside the network it trains the control without self-couplings
    and the usual comparators.

    Example: `spinspike demo -o out`
    """
    import sys

    from spinspike.simulators import Answer
    from spinspike.simulators.registry import choose
    from spinspike.studies.demonstration import demonstrate
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.terminal import conclude, show, show_answers
    from spinspike.studies.validation.tables import claim_table, demo_table, outcome_table

    backends = choose(on or ["lava", "brian2"])
    check_folder(output, force=force)
    summary = demonstrate(
        output,
        sys.argv[1:],
        backends=backends,
        patterns={"brian2": brian2_patterns},
        default_patterns=patterns,
        seed=seed,
    )
    show(
        summary,
        *outcome_table(summary["validation"]),
        *claim_table(summary["validation"]),
        demo_table(summary),
        as_json=as_json,
    )
    found = summary["validation"]
    if not as_json:
        show_answers([Answer(**answer) for answer in found["answers"]])
        print(f"Play it step by step, in any browser: {summary['interactive']}")
    page = output / "report.html"
    conclude(found["sentence"], found["verdict"], report=page, as_json=as_json)
