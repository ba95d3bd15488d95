"""Faults planted on purpose, each of which the tests named beside it have to notice.

    python benchmarks/mutants.py               # all, one after the other; some minutes
    python benchmarks/mutants.py emulator      # those with this word in their name

A mutant is a module with one piece of its text replaced. It exists in the memory of the tests'
process alone: the plug-in below loads it in place of the file, which nobody touches.

Exit code 0: all are killed; 1: one survives; 2: the text to be replaced is not there, once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PLUGIN = """
import importlib.abc, importlib.machinery, os, sys

NAME, OLD, NEW = (os.environ[f"MUTANT_{part}"] for part in ("MODULE", "OLD", "NEW"))


class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        text = self.get_source(fullname).replace(OLD, NEW)
        return self.source_to_code(text.encode(), self.path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname != NAME:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        spec.loader = Loader(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, Finder())
"""


@dataclass(frozen=True)
class Mutant:
    """One fault, and the file of tests that has to notice it."""

    name: str
    module: str  # below spinspike
    old: str
    new: str
    tests: str  # below tests


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
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    survived, chosen = 0, [m for m in MUTANTS if word in m.name]
    with TemporaryDirectory(prefix="mutants-") as folder:
        Path(folder, "mutant_plugin.py").write_text(PLUGIN)
        for mutant in chosen:
            spec = find_spec(f"spinspike.{mutant.module}")
            text = Path(spec.origin or "").read_text() if spec else ""
            if text.count(mutant.old) != 1:
                say(f"{mutant.name}: {text.count(mutant.old)} times in {mutant.module}; allowed: 1")
                return 2
            killed = noticed(mutant, folder)
            survived += not killed
            say(f"{'killed' if killed else 'SURVIVES'}: {mutant.name}")
    say(f"{len(chosen) - survived} of {len(chosen)} killed")
    return 1 if survived else 0


def noticed(mutant: Mutant, folder: str) -> bool:
    """Whether the tests fail, by an assertion of theirs or an error."""
    environment = {
        **os.environ,
        "PYTHONPATH": folder,
        "MUTANT_MODULE": f"spinspike.{mutant.module}",
        "MUTANT_OLD": mutant.old,
        "MUTANT_NEW": mutant.new,
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "mutant_plugin"]
    done = subprocess.run(
        [*command, f"tests/{mutant.tests}"], cwd=ROOT, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        sys.stderr.write(f"{done.stdout}{done.stderr}pytest's exit code is {done.returncode}\n")
        sys.exit(2)
    return done.returncode == 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
