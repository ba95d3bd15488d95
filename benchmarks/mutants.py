"""Faults that tests have to notice: planted on purpose, and drawn by a tool.

    python benchmarks/mutants.py                    # the planted ones, one after the other; minutes
    python benchmarks/mutants.py emulator           # those with this word in their name
    python benchmarks/mutants.py --drawn 300        # and so many by cosmic-ray; an hour or two

``make mutants`` does all of it in an environment of its own. A mutant is a module with one piece of
its text replaced. It exists in the memory of the tests' process alone: the plug-in below loads it in
place of the file, which nobody touches. Drawn ones change one place of a module, all places being
equally likely, by an operator of cosmic-ray's for it; the seed says which.

Exit code 0: all planted ones are killed, and 95 % of the drawn ones that are not known to change
nothing (EQUIVALENT); 1: not so; 2: the text to be replaced is not there, once.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
ENDLESS = 600  # seconds
ASKED = 0.95  # of the drawn mutants
PLUGIN = """
import importlib.abc, importlib.machinery, os, pathlib, sys

NAME, SOURCE = os.environ["MUTANT_MODULE"], os.environ["MUTANT_SOURCE"]


class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        return self.source_to_code(pathlib.Path(SOURCE).read_bytes(), self.path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname != NAME:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        spec.loader = Loader(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, Finder())
"""
# The modules that drawn mutants change, below spinspike, and the tests that have to notice.
DRAWN = {
    **{
        f"mapping.certificates.{name}": ("mapping/certificates", "simulators/stress/test_stress_bound.py")
        for name in ("attack", "flips", "margins", "recovery", "robustness", "rows", "tolerance")
    },
    **{
        f"simulators.validation.{name}": ("simulators/validation",)
        for name in ("answers", "claims", "outcome")
    },
    **{
        f"mapping.quantisation.{name}": ("mapping/quantisation", "mapping/test_mapper.py")
        for name in ("adaptive_rounding", "exact", "integer_rule", "quantise", "rounding", "row_scale")
    },
    **{
        f"simulators.emulator.{name}": ("simulators/emulator",)
        for name in ("by_source", "kernels", "step")
    },
    **{
        f"model.learning.{name}": (
            "model/learning/test_margin_rule.py", "model/learning/test_numba_engine.py",
        )
        for name in ("margin_rule", "numpy_engine")
    },
}  # fmt: skip
# Lines that survive because they change nothing, and why.
EQUIVALENT: dict[str, str] = {
    "return self.spike_loss >= 0 or self.noise > 0": "the slower way comes to the same",
    "nearest = np.random.default_rng( 1)": "to the nearest, nothing is drawn",
    "whole = int(span) if span in range(2, LEVELS_LIMIT ** 1) else 1": "15 // 1 * 1 is 15 // 15 * 15",
    "weak = missing > -1": "a state that misses nothing pulls nothing",
    "@dataclass(frozen=False)": "nobody writes to it",
    "MARGINS_PER_BATCH = 2&22  # margins taken at a time": "smaller batches",
    "at_once = max( 0, NEURONS_PER_BATCH // graph.neurons)": "no graph is that large",
    "against = np.sign(sent) * point.direction[ -1, all_of.target]": "it has one row",
    "for data in (part.data[: 65], part.data):": "a first look at one more",
    "kept = [c for c in these if c.statement is KEPT]": "they are the same object",
    "now, before = spikes[number - 1], spikes[number - 1] if number > 1 else silence": (
        "no pattern that spikes is taken for one at rest, which costs time alone"
    ),
    "slots = delays[-1] + 1 if len(delays) else  2": "rest is noticed a step later",
}


@dataclass(frozen=True)
class Mutant:
    """One fault, and the tests that have to notice it."""

    name: str
    module: str  # below spinspike
    old: str
    new: str
    tests: str  # below tests

    def source(self, text: str) -> str:
        """The module with the fault in it."""
        if text.count(self.old) != 1:
            say(f"{self.name}: {text.count(self.old)} times in {self.module}; allowed: 1")
            sys.exit(2)
        return text.replace(self.old, self.new)


RECENTRED = "_recentred(_assembled(network, nearest, *best), network, rehearsed)"
MUTANTS = (
    Mutant(
        "certificate: margins of 0", "mapping.certificates.margins", "[0] >= 1)", "[0] >= 0)",
        "mapping/certificates/test_robustness.py",
    ),
    Mutant(
        "robustness: margins of 0", "mapping.certificates.robustness", "sure = (margins >= 1)",
        "sure = (margins >= 0)", "mapping/certificates/test_robustness.py",
    ),
    Mutant(
        "settled: margins of 0", "simulators.stress.bounds",
        "sure = (integer_margins(graph, points) >= 1)",
        "sure = (integer_margins(graph, points) >= 0)", "simulators/stress/test_stress_bound.py",
    ),
    Mutant(
        "no noise: margins of 0", "simulators.stress.bounds",
        "np.asarray((margins >= 1)", "np.asarray((margins >= 0)",
        "simulators/stress/test_stress_bound.py",
    ),
    Mutant(
        "damage: margins of 0", "simulators.stress.bounds", "taken <= margins - 1",
        "taken <= margins", "simulators/stress/test_stress_bound.py",
    ),
    Mutant(
        "flips: margins of 0", "mapping.certificates.flips", "(lost <= room[:, None])",
        "(lost <= room[:, None] + 1)", "simulators/stress/test_stress_bound.py",
    ),
    Mutant(
        "verdict: five broken states are tolerated", "simulators.validation.claims",
        "if self.exceptions:", "if len(self.exceptions) > 5:", "simulators/validation/test_claims.py",
    ),
    Mutant(
        "noise: half a unit looser", "simulators.stress.bounds", "(margins - 0.5) / deviation",
        "margins / deviation", "simulators/stress/test_stress_bound.py",
    ),
    Mutant(
        "relative noise: half a unit looser", "mapping.certificates.tolerance",
        "np.abs(points.field) / strength", "(np.abs(points.field) + 0.5) / strength",
        "mapping/certificates/test_tolerance.py",
    ),
    Mutant(
        "random noise: half a unit looser", "mapping.certificates.tolerance",
        "np.abs(points.field) / deviation", "(np.abs(points.field) + 0.5) / deviation",
        "mapping/certificates/test_tolerance.py",
    ),
    Mutant(
        "fields: half a unit looser", "simulators.physics.calibration",
        "(integer_margins(graph, points) - 0.5)", "integer_margins(graph, points)",
        "simulators/physics/test_calibration.py",
    ),
    Mutant(
        "NEST: a field of 0 switches on", "simulators.nest.binary",
        "theta = 0.5 - np.ravel(field)", "theta = -0.5 - np.ravel(field)",
        "simulators/nest/test_nest_binary.py",
    ),
    Mutant(
        "emulator: rests a step too early", "simulators.emulator.step",
        "still <= synapses.longest", "still < synapses.longest", "simulators/emulator/test_emulator.py",
    ),
    Mutant(
        "attack: never counts", "mapping.certificates.attack", "unsound += int((certain & ~now).sum())",
        "unsound += 0", "mapping/certificates/test_attack.py",
    ),
    Mutant(
        "outcome: a twin that moves alone", "simulators.validation.outcome",
        "moved |= (spikes[k + 1] != spikes[k]).any(axis=1)", "pass",
        "simulators/emulator/test_asynchronous.py",
    ),
    Mutant(
        "outcome: twins that disagree", "simulators.validation.outcome",
        "whole = (spikes[k] == neuron_spikes(graph, states[k])).all(axis=1)", "pass",
        "simulators/emulator/test_asynchronous.py",
    ),
    Mutant(
        "consolidation: not re-centred", "mapping.quantisation.consolidate", RECENTRED,
        "_assembled(network, nearest, *best)", "mapping/quantisation/test_consolidate.py",
    ),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("word", nargs="?", default="", help="planted ones with it in their name")
    parser.add_argument("--drawn", type=int, default=0, help="how many a tool draws")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    planted = [m for m in MUTANTS if arguments.word in m.name]
    with TemporaryDirectory(prefix="mutants-") as folder:
        Path(folder, "mutant_plugin.py").write_text(PLUGIN)
        survived = [
            m.name
            for m in planted
            if not noticed(m.name, m.module, m.source(text_of(m.module)), (m.tests,), folder)
        ]
        lived = [
            name
            for name, module, source in drawn(arguments.drawn, arguments.seed)
            if not noticed(name, module, source, DRAWN[module], folder)
        ]
    say(f"planted: {len(planted) - len(survived)} of {len(planted)} killed")
    unknown = [name for name in lived if name.partition(": ")[2] not in EQUIVALENT]
    counted = arguments.drawn - len(lived) + len(unknown)
    if arguments.drawn:
        say(
            f"drawn: {counted - len(unknown)} of {counted} killed, {len(lived) - len(unknown)} equivalent"
        )
    for name in lived:
        why = EQUIVALENT.get(name.partition(": ")[2], "no reason known")
        say(f"survives: {name} ({why})")
    return 1 if survived or len(unknown) > (1 - ASKED) * counted else 0


def drawn(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Names, modules and sources of so many mutants, no two the same."""
    if not count:
        return
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    operators = [
        get_operator(name)() for name in sorted(operator_names()) if "Variable" not in name
    ]
    places: dict[tuple[str, int], list[str]] = defaultdict(list)
    for module in DRAWN:
        text = text_of(module)
        types = annotated(text)
        for operator in operators:
            found, occurrence = mutate_code(text.encode(), operator, 0), 0
            while found is not None:
                changed = found.decode() if isinstance(found, bytes) else found
                first = next(
                    k for k, (a, b) in enumerate(zip(text, changed, strict=False)) if a != b
                )
                if first not in types and runs(changed):
                    places[module, first].append(changed)
                occurrence += 1
                found = mutate_code(text.encode(), operator, occurrence)
    order = sorted(places)
    random.Random(seed).shuffle(order)  # so that more of them begin with those of fewer
    for place in order[:count]:
        source = random.Random(f"{seed} {place}").choice(places[place])
        line = text_of(place[0])[: place[1]].count("\n")
        yield f"{place[0]}:{line + 1}: {source.splitlines()[line].strip()}", place[0], source


def runs(text: str) -> bool:
    """Whether it is Python at all: an operator may take the star of a signature for a product."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def annotated(text: str) -> set[int]:
    """Where a text says types, which nothing computes."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    said: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr) and part.end_lineno and part.end_col_offset:
                begin = starts[part.lineno - 1] + part.col_offset
                said |= set(range(begin, starts[part.end_lineno - 1] + part.end_col_offset))
    return said


def text_of(module: str) -> str:
    spec = find_spec(f"spinspike.{module}")
    return Path(spec.origin or "").read_text() if spec else ""


def noticed(name: str, module: str, source: str, tests: tuple[str, ...], folder: str) -> bool:
    """Whether the tests fail, by an assertion of theirs or an error, or never end."""
    mutant = Path(folder, "mutant.txt")
    mutant.write_text(source)
    environment = {
        **os.environ,
        "PYTHONPATH": folder,
        "MUTANT_MODULE": f"spinspike.{module}",
        "MUTANT_SOURCE": str(mutant),
    }
    if "kernels" in module:  # what is compiled is kept by the name of the file
        environment["NUMBA_CACHE_DIR"] = str(Path(folder, str(len(os.listdir(folder)))))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "mutant_plugin",
        "-p",
        "no:cacheprovider",
    ]
    try:
        done = subprocess.run(
            [*command, *(f"tests/{test}" for test in tests)], cwd=ROOT, env=environment,
            capture_output=True, text=True, check=False, timeout=ENDLESS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        killed = True
    else:
        if done.returncode not in (0, 1, 2):
            sys.stderr.write(f"{done.stdout}{done.stderr}pytest's exit code is {done.returncode}\n")
            sys.exit(2)
        killed = done.returncode != 0
    say(f"{'killed' if killed else 'SURVIVES'}: {name}")
    return killed


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
