"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is already there.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Network = Annotated[Path, typer.Option("--output", "-o", help="Network file to write (.h5).")]
Folder = Annotated[
    Path | None,
    typer.Option("--data", help="Folder with IDX files; needed for MNIST and Fashion-MNIST."),
]
Device = Annotated[
    str, typer.Option(help="auto, cpu (compiled), gpu (JAX), or numpy (plain, the oracle).")
]
Kept = Annotated[
    float,
    typer.Option(
        help="Patterns whose certified state must be kept, as a fraction that the 95 % interval "
        "has to lie above."
    ),
]
