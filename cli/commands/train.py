"""The command that trains. Its docstring is the help that users read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from .inputs import inputs, refuse_inputs
from .options import Device, Folder, Force, Json, Network, Seed

MODEL, RULE, SCHEDULE = "Network (by default as the preset has it)", "Learning", "Schedule"
DATA = "Inputs"


def option(text: str, panel: str, **choices: Any) -> Any:
    """An option that overrides the preset."""
    return typer.Option(help=text, rich_help_panel=panel, show_default=False, **choices)


def train(
    context: typer.Context,
    output: Network,
    data: Annotated[
        str,
        typer.Argument(
            help="digits, mnist, fashion-mnist, entangled-mnist, entangled-fashion-mnist, "
            "prototypes, or a file of your own: .csv, the class in the last column, or .npz with "
            "train_inputs, train_labels and, if you like, test_inputs, test_labels."
        ),
    ] = "digits",
    preset: Annotated[
        str,
        typer.Option(
            help="default (small and quick), best (found on validation images) or published."
        ),
    ] = "default",
    folder: Folder = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch missing IDX files into the --data folder.")
    ] = False,
    validation: Annotated[
        int | None, typer.Option(help="Training images to hold out; 1 in 12 when not given.")
    ] = None,
    standardise: Annotated[
        bool,
        typer.Option("--standardise", help="Give each input of your file mean 0 and deviation 1."),
    ] = False,
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run of the same command.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also fit a softmax readout, to see what states hold.")
    ] = False,
    units: Annotated[int | None, option("Units H of a module.", MODEL)] = None,
    modules: Annotated[int | None, option("Modules L, linked in a chain.", MODEL)] = None,
    link: Annotated[float | None, option("Links lambda between neighbours.", MODEL)] = None,
    self_coupling: Annotated[
        float | None, option("J_D: holds units in the clamped state at the release.", MODEL)
    ] = None,
    input_scale: Annotated[float | None, option("Strength of the input, lambda_x.", MODEL)] = None,
    supervisory_scale: Annotated[
        float | None, option("Strength of the supervisory signal, lambda_r.", MODEL)
    ] = None,
    coupling_scale: Annotated[
        float | None, option("Factor of the couplings at the start.", MODEL)
    ] = None,
    sparsity: Annotated[
        float | None, option("Fraction of couplings that does not exist.", MODEL)
    ] = None,
    between_sparsity: Annotated[
        float | None, option("The same of couplings that are learned between modules.", MODEL)
    ] = None,
    input_sparsity: Annotated[
        float | None, option("Fraction of input weights that does not exist.", MODEL)
    ] = None,
    receptive_field: Annotated[
        int | None, option("Side of the square of pixels a unit sees; 0: all.", MODEL)
    ] = None,
    margin: Annotated[float | None, option("Margin kappa of J and Win.", RULE)] = None,
    input_margin: Annotated[
        float | None, option("Margin of Win and the biases, where it is not that of J.", RULE)
    ] = None,
    readout_margin: Annotated[float | None, option("Margin of the readout.", RULE)] = None,
    rate: Annotated[float | None, option("Rate of J; 0 freezes it.", RULE)] = None,
    input_rate: Annotated[float | None, option("Rate of Win; 0 freezes it.", RULE)] = None,
    readout_rate: Annotated[float | None, option("Rate of Wout.", RULE)] = None,
    bias_rate: Annotated[float | None, option("Rate of the biases.", RULE)] = None,
    decay: Annotated[
        float | None, option("Decay of J in each batch; --rate 0 stops it too.", RULE)
    ] = None,
    input_decay: Annotated[float | None, option("Decay of Win.", RULE)] = None,
    readout_decay: Annotated[float | None, option("Decay of Wout.", RULE)] = None,
    readout_states: Annotated[
        str | None, option("States the readout learns on: free, or clamped as published.", RULE)
    ] = None,
    epochs: Annotated[int | None, option("Passes over the training images.", SCHEDULE)] = None,
    batch: Annotated[int | None, option("Images per step of the rule.", SCHEDULE)] = None,
    patience: Annotated[
        int | None,
        option("Stop after so many epochs without a better validation accuracy.", SCHEDULE),
    ] = None,
    pace: Annotated[
        str | None, option("How rates fall: exponential, linear or cosine.", SCHEDULE)
    ] = None,
    anneal: Annotated[
        float | None, option("Factor per epoch of the exponential pace.", SCHEDULE)
    ] = None,
    clamped: Annotated[
        int | None, option("Sweeps with the supervisory signal, T.", SCHEDULE)
    ] = None,
    free: Annotated[
        int | None, option("Sweeps after the release; 0: one-phase learning.", SCHEDULE)
    ] = None,
    signal: Annotated[
        str | None, option("Supervisory signal: abrupt, or annealed to zero.", SCHEDULE)
    ] = None,
    evaluation: Annotated[
        int | None, option("Sweeps of a free run, from the image alone.", SCHEDULE)
    ] = None,
    update_probability: Annotated[
        float | None, option("Probability that a spin takes part in a sweep.", SCHEDULE)
    ] = None,
    gain: Annotated[
        float | None, option("Factor of an input whose range is scaled to a width of 1.", DATA)
    ] = None,
    centred: Annotated[
        bool | None,
        typer.Option(
            "--centred/--raw",
            help="Subtract the mean training image.",
            rich_help_panel=DATA,
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train the reference network with the local margin rule, without gradients.

    The label steers the dynamics for a few sweeps, is removed, and the state reached is
    consolidated. The file holds the network, its learned fixed points and the states it reaches
    by itself on test images. Beside it, OUTPUT.csv tells of every epoch, and after each epoch
    OUTPUT.checkpoint holds what `--resume` needs; it goes when the training is complete.

    Examples: `spinspike train digits -o network.h5`

    `spinspike train mnist --data DIR --preset best -o mnist.h5`
    """
    from spinspike.errors import BadInput
    from spinspike.model.data.named import load
    from spinspike.model.learning.devices import known_device
    from spinspike.model.network.network_file import save
    from spinspike.model.training.probe import probe_accuracy
    from spinspike.outputs import check_target
    from spinspike.studies.page.terminal import show, table
    from spinspike.studies.training import SETTINGS
    from spinspike.studies.training import train as trained

    checkpoint, history = (
        output.with_name(f"{output.name}.{end}") for end in ("checkpoint", "csv")
    )
    check_target(output, force=force)
    if checkpoint.exists() and not (resume or force):
        message = f"{checkpoint} is of an interrupted run; go on with --resume, or --force anew"
        raise BadInput(message)
    for beside in (checkpoint, history):
        refuse_inputs(beside, inputs({"data": data, "folder": folder}))
        check_target(beside, force=resume or force)
    if download:
        fetch(data, folder)
    given = context.params
    content = trained(
        data,
        preset=preset,
        folder=folder,
        validation=validation,
        standardise=standardise,
        device=known_device(device),
        seed=seed,
        checkpoint=checkpoint,
        history=history,
        resume=resume,
        **{name: given[name] for name in SETTINGS if given.get(name) is not None},
    )
    found = dict(content.provenance)
    if probe:
        dataset = load(data, folder, validation=validation, standardise=standardise)
        found["probe"] = probe_accuracy(content.network, dataset, device=known_device(device))
    save(output, replace(content, provenance=found), force=force)
    checkpoint.unlink(missing_ok=True)
    rows = [[f"accuracy, {split}", f"{value:.4f}"] for split, value in found["accuracy"].items()]
    if probe:
        rows.append(["accuracy of a softmax probe, test", f"{found['probe']:.4f}"])
    rows += [[f"fixed points, {run}", count] for run, count in found["settled"].items()]
    rows += [["epochs", str(found["epochs"])], ["seconds", f"{found['seconds']:.1f}"]]
    last = f"{found['accuracy']['test']:.4f} of the test right: {output}"
    show(found, table(f"Trained on {data}", "", "", rows=rows), as_json=as_json, last=last)


def fetch(data: str, folder: Path | None) -> None:
    """Download the IDX files of a data set."""
    from spinspike.errors import BadInput
    from spinspike.model.data.download import download
    from spinspike.model.data.named import ENTANGLED

    if folder is None:
        message = "--download has no folder to fetch into; give it with --data DIR"
        raise BadInput(message)
    download(data.removeprefix(ENTANGLED), folder)
