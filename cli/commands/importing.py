"""The commands that take networks trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinspike.cli.commands.inputs import Commands

from .options import Folder, Force, Json, Network

if TYPE_CHECKING:
    from spinspike.arrays import SpinArray
    from spinspike.model.network.network import Network as Parameters

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Take a network that was trained elsewhere, so that it can be mapped.",
)

Source = Annotated[Path, typer.Argument(help="File with the arrays (.npz, as numpy.savez writes).")]
Data = Annotated[
    str | None,
    typer.Option("--on", help="Data set whose images find the fixed points; as for `train`."),
]
Gain = Annotated[float, typer.Option(help="Factor of an input before it meets the weights.")]


@app.command("arrays")
def import_arrays(
    source: Source,
    output: Network,
    on: Data = None,
    folder: Folder = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Take matrices of your own.

    **J** (H, H): J[i, j] is the coupling from unit j to unit i, its diagonal the self-couplings;
    it may stand alone. Optional: **bias** (H,), minus the thresholds; **states** (P, H), states
    that are to be held; **unit_values**, -1, 1 or 0, 1, what units are in the equation that J is
    for; **J_D** (H,) or one number, then J has a zero diagonal. For networks with inputs and
    labels: **Win** (H, D), from input k to unit i; **Wback** (H, C), of the supervisory signal;
    **Wout** (C, H), the readout; **centre** (D,) and **gain**: an input enters as (x - centre)
    gain; **input_range** (2,): smallest and largest input. **modules**: their sizes. An entry that
    is zero is no synapse.

    Example: `spinspike import arrays matrices.npz -o network.h5`
    """
    from spinspike.model.network.import_arrays import read_with_states
    from spinspike.outputs import check_target

    check_target(output, force=force)
    network, states = read_with_states(source)
    write(source, output, network, on, folder, states=states, force=force, as_json=as_json)


@app.command("darnax")
def import_darnax(
    source: Source,
    output: Network,
    on: Data = None,
    folder: Folder = None,
    gain: Gain = 1.0,
    low: Annotated[float, typer.Option(help="Smallest value of an input.")] = 0.0,
    high: Annotated[float, typer.Option(help="Largest value of an input.")] = 1.0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Take a network trained with darnax, the authors' library.

    The file holds darnax's matrices as they are used there, states from the left: **W** (D, H),
    **J** (H, H) with the self-couplings on its diagonal, **V** (H, C), **B** (C, H). They are
    transposed here. Each may come sparse: **W_data**, **W_indices** (n, 2), **W_shape**, the parts of
    a BCOO matrix, or with **W_indptr** those of a CSR one. Pixels of 0 to 255 that darnax saw divided by 255: --gain 0.00392156862745098
    --high 255.

    Example: `spinspike import darnax trained.npz -o network.h5`
    """
    from spinspike.model.network.import_arrays import read_darnax
    from spinspike.outputs import check_target

    check_target(output, force=force)
    network = read_darnax(source, gain=gain, input_range=(low, high))
    write(source, output, network, on, folder, force=force, as_json=as_json)


def write(
    source: Path,
    output: Path,
    network: Parameters,
    on: str | None,
    folder: Path | None,
    *,
    states: SpinArray | None = None,
    force: bool,
    as_json: bool,
) -> None:
    """Find the fixed points on a data set, or take the states given, and write the network file.

    Raises
    ------
    BadInput
        States were given for a network with inputs, which would have to hold them.
    """
    import numpy as np

    from spinspike.errors import BadInput
    from spinspike.model.data.named import load
    from spinspike.model.memory.store import held, memories
    from spinspike.model.network.fixed_points import FixedPoints
    from spinspike.model.network.network_file import NetworkFile, save
    from spinspike.studies.page.provenance import installed_version
    from spinspike.studies.page.terminal import show, table
    from spinspike.studies.training import check_fits, states_of

    points: dict[str, FixedPoints] = {}
    provenance: dict[str, Any] = {"spinspike": installed_version(), "imported": source.name}
    if on is not None:
        data = load(on, folder)
        check_fits(network, data)
        points, found = states_of(network, data)
        provenance |= {"data": data.name, **found}
    elif states is not None and len(states):
        if network.inputs:
            message = (
                f"{source} has {len(states)} states and {network.inputs} inputs, without which "
                "they are not held; allowed: states without Win, or --on a data set"
            )
            raise BadInput(message)
        fixed = held(network, states)
        points["learned"] = memories(states)
        provenance |= {"settled": {"learned": f"{int(fixed.sum())} of {len(states)}"}}
        provenance |= {"not_held": np.flatnonzero(~fixed).tolist()}
    save(output, NetworkFile(network, points, provenance), force=force)
    rows = [
        ["units", str(network.units)],
        ["couplings", f"{network.coupling.nnz:,}"],
        ["input weights", f"{network.input_weight.nnz:,}"],
    ]
    rows += [
        [f"accuracy, {split}", f"{value:.4f}"]
        for split, value in provenance.get("accuracy", {}).items()
    ]
    rows += [[f"fixed points, {run}", text] for run, text in provenance.get("settled", {}).items()]
    shown = table(f"Imported {source.name}", "", "", rows=rows)
    show(provenance, shown, as_json=as_json, last=f"{network.units:,} units: {output}")
