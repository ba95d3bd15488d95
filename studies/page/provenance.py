"""What it takes to repeat a run: the command, the versions of all that had a part, the graph."""

from __future__ import annotations

import hashlib
import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PARTS = ("spinspike", "numpy", "scipy", "numba", "lava-nc", "brian2", "nest-simulator")


def how_to_repeat(graph: Path | None, arguments: Sequence[str]) -> dict[str, Any]:
    """Command line, versions, platform and the checksum of the file, if any, as JSON takes them."""
    versions = {"python": platform.python_version()}
    for part in PARTS:
        try:
            versions[part] = version(part)
        except PackageNotFoundError:
            continue  # not installed, so it had no part
    found = {
        "command": shlex.join(["spinspike", *arguments]),
        "versions": versions,
        "platform": platform.platform(),
    }
    if graph is None:
        return found
    checksum = hashlib.sha256(graph.read_bytes()).hexdigest()
    return found | {"graph": {"file": graph.name, "sha256": checksum}}


def installed_version() -> str:
    """Version of the installed spinspike."""
    from importlib.metadata import version as installed

    return installed("spinspike")
