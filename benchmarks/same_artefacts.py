"""Do two installations of spinspike make the same files? Run with the paths of both commands.

    python benchmarks/same_artefacts.py OLD/.venv/bin/spinspike NEW/.venv/bin/spinspike -o folder

Both run the same commands in folders of their own, with the same relative names. Then every file
and everything printed is compared: arrays entry for entry, texts and pictures byte for byte. Left
out is what can never be the same twice: times that were measured, checksums of files that hold
such times, and the names that Matplotlib draws by lot for parts of an SVG. Exit code 1 on any
difference; what is in the folders already is not run again.
"""

from __future__ import annotations

import argparse
import base64
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

COMMANDS = (
    "demo -o demo --patterns 20 --on emulator --on lava --json",
    "train digits -o network.h5 --epochs 3 --units 100 --json",
    "map network.h5 -o graph.h5 --json",
    "map network.h5 -o four.h5 --bits 4 --encoding signed --input graded --json",
    "certify graph.h5 --patterns 20 --attack -o certificates --json",
    "check graph.h5 --target loihi1 -o placement --json",
    "check graph.h5 --for nir --json",
    "view graph.h5 -o pictures --json",
    "export graph.h5 -o lava --to lava --json",
    "export graph.h5 -o pynn --to pynn --json",
    "export four.h5 -o four.net --to net --json",
    "nir write graph.h5 -o graph.nir --json",
    "nir write graph.h5 -o signed.nir --signed --json",
    "nir read graph.nir -o again.h5 --json",
    "convert signed.nir -o converted --json",
    "energy graph.h5 --patterns 5 --json",
    "validate graph.h5 --patterns 5 --run learned -o report --json",
    "validate graph.h5 --patterns 2 --run learned --on brian2 --on nest -o others --json",
    "stress graph.h5 --patterns 5 --draws 1 --kind noise --kind mismatch -o stress --json",
    "explore --units 9,10 --networks 2 --starts 20 -o explored --json",
    "integrate --units 8 -o memory --json",
)
UNREPEATABLE = (
    (r"\b[0-9a-f]{64}\b", "CHECKSUM"),
    (r'("(?:[\w ]*seconds|images_per_second)": )[-+.e\d]+', r"\1TIME"),
    (r"<dc:date>[^<]*</dc:date>", "DATE"),
    (r"\b([a-zA-Z]+)[0-9a-f]{10}\b", r"\1NAME"),  # of clip paths and markers
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--output", "-o", type=Path, required=True)
    options = parser.parse_args()
    folders = options.output / "old", options.output / "new"
    for program, folder in zip((options.old, options.new), folders, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        run_all(program.absolute(), folder)
    found = list(differences(*folders))
    files = sum(path.is_file() for path in folders[0].rglob("*"))
    print(*found, f"{files} files, {len(found)} differences", sep="\n")
    sys.exit(bool(found))


def run_all(program: Path, folder: Path) -> None:
    """Every command, what it prints and its exit code kept beside what it writes."""
    for number, command in enumerate(COMMANDS):
        kept = folder / f"{number:02}.txt"
        if kept.exists():
            continue
        words = [str(program), *command.split(), *(["--force"] if "-o" in command else [])]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        said = done.stderr if done.returncode == 2 else ""
        print(f"{folder.name}: exit {done.returncode}: {command}", flush=True)
        kept.write_text(f"{command}\nexit code {done.returncode}\n{said}{done.stdout}")


def differences(old: Path, new: Path) -> Iterator[str]:
    """A line for each file that is not the same in both folders."""
    names = [{p.relative_to(f) for p in f.rglob("*") if p.is_file()} for f in (old, new)]
    for name in sorted(names[0] ^ names[1]):
        yield f"{name} is in one folder alone"
    for name in sorted(names[0] & names[1]):
        one, other = content(old / name), content(new / name)
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"{name}: {key} differs{first(one.get(key, ''), other.get(key, ''))}"


def first(one: object, other: object) -> str:
    """Where two texts part."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return ""
    at = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f": {one[max(0, at - 60) : at + 60]!r} against {other[max(0, at - 60) : at + 60]!r}"


def content(path: Path) -> dict[str, object]:
    """What a file says, part by part, less what cannot be repeated."""
    if path.suffix in (".h5", ".nir", ".net"):
        found: dict[str, object] = {}
        with h5py.File(path) as file:
            parts: list[tuple[str, h5py.Group | h5py.Dataset]] = [("/", file)]
            file.visititems(lambda name, part: parts.append((name, part)))
            for name, part in parts:
                found |= {f"{name}@{key}": plain(value) for key, value in part.attrs.items()}
                if isinstance(part, h5py.Dataset):
                    found[name] = plain(part[()])
        return found
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive, np.load(path) as arrays:
            assert archive.testzip() is None
            return {name: plain(arrays[name]) for name in arrays.files}
    if path.suffix == ".csv":
        header, *rows = path.read_text().splitlines()
        timed = [k for k, name in enumerate(header.split(",")) if "second" in name]
        cells = [row.split(",") for row in rows]
        kept = [[c for k, c in enumerate(row) if k not in timed] for row in cells]
        return {"": repr([header, *kept])}
    try:
        return {"": repeatable(path.read_text("utf-8"))}
    except UnicodeDecodeError:
        return {"": path.read_bytes()}


def plain(value: object) -> object:
    """An array or attribute as something that compares; bytes of text as the text."""
    array = np.asarray(value)
    if array.dtype == np.uint8 and array.ndim == 1 and array.tobytes()[:1] == b"{":
        return repeatable(array.tobytes().decode())
    if array.dtype.kind in "SOU":
        return repeatable(str(array.tolist()))
    return str(array.dtype), array.shape, array.tobytes()


def repeatable(text: str) -> str:
    """A text without what cannot be repeated, in the pictures inside it as well."""
    text = re.sub(
        r"(data:image/svg\+xml;base64,)([A-Za-z0-9+/=]+)",
        lambda found: found[1] + repeatable(base64.b64decode(found[2]).decode()),
        text,
    )
    for pattern, better in UNREPEATABLE:
        text = re.sub(pattern, better, text)
    return text


if __name__ == "__main__":
    main()
