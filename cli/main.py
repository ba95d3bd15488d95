"""Entry point: the commands, and errors as one line with exit code 2."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any

import typer

from spinspike.cli.commands.artefacts import demo, export, map_network
from spinspike.cli.commands.certify import certify
from spinspike.cli.commands.check import check
from spinspike.cli.commands.energy import energy
from spinspike.cli.commands.importing import app as importing
from spinspike.cli.commands.info import info
from spinspike.cli.commands.inputs import Commands
from spinspike.cli.commands.memory.recall import recall
from spinspike.cli.commands.memory.store import store
from spinspike.cli.commands.nir import app as nir
from spinspike.cli.commands.nir import convert
from spinspike.cli.commands.setting_up import app as setting_up
from spinspike.cli.commands.stress import stress
from spinspike.cli.commands.studies.explore import explore
from spinspike.cli.commands.studies.integrate import integrate
from spinspike.cli.commands.studies.reproduce import reproduce
from spinspike.cli.commands.train import train
from spinspike.cli.commands.validate import WithSimulators, validate
from spinspike.cli.commands.view import view

# Typer exports no more of its errors of usage than this one kind of them.
USAGE_ERROR = typer.BadParameter.__mro__[1]

app = Commands(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Train a binary attractor network with a local rule, map it to excitatory and inhibitory "
        "spiking neurons, and prove that what it learned stays once the supervisory signal is "
        "gone.\n\n"
        "The usual order: **train** → **map** → **export** and **validate**. "
        "**demo** does all of it on handwritten digits.\n\n"
        "Exit codes: 0 the claim holds, 1 the claim fails, 3 too few patterns to tell, "
        "2 bad input or a missing part, 70 a bug."
    ),
)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Options that stand before any command."""
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"spinspike {installed('spinspike')}\n")
        raise typer.Exit


app.command()(train)
app.command()(store)
app.add_typer(importing, name="import")
app.command("map")(map_network)
app.command()(check)
app.command()(view)
app.command()(certify)
app.command()(energy)
app.command()(export)
app.command(cls=WithSimulators)(validate)
app.command(cls=WithSimulators)(recall)
app.command()(stress)
app.command()(explore)
app.command()(info)
app.command()(integrate)
app.command()(demo)
app.command()(reproduce)
app.add_typer(nir, name="nir")
app.command()(convert)
app.add_typer(setting_up, name="setup")


def main() -> None:
    """Run the command line; turn errors made on purpose into one line and exit code 2."""
    try:
        sys.exit(app(standalone_mode=False, prog_name="spinspike"))
    except typer.Abort:
        sys.stderr.write("spinspike: interrupted\n")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 (a bug must not look like a failed claim, exit 1)
        from spinspike.errors import SpinspikeError
        from spinspike.outputs import FULL, reason

        if isinstance(error, USAGE_ERROR):
            sys.stderr.write(_usage(error))
            sys.exit(2)
        if not isinstance(error, SpinspikeError | OSError | MemoryError):
            traceback.print_exc()
            sys.stderr.write("spinspike: this is a bug; please report it with the lines above\n")
            sys.exit(70)
        message = str(error)
        if isinstance(error, OSError) and error.errno in FULL:
            place = Path(error.filename or gettempdir())
            message = f"{place} cannot be written: {reason(error, place)}"
        sys.stderr.write(f"spinspike: {' '.join(message.split())}\n")
        sys.exit(2)


def _usage(error: Any) -> str:
    """What a wrong command line is answered: one line, or the help where there was no command."""
    message = str(error.format_message())
    if not error.ctx or "\n" in message:
        return f"{message}\n"
    return f"spinspike: {message.rstrip('.')}; see {error.ctx.command_path} --help\n"


if __name__ == "__main__":
    main()
