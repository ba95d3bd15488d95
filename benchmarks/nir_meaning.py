"""Random NIR graphs against oracles: what they mean, and whether what is said of them is so.

    python benchmarks/nir_meaning.py [--count 10000] [--seed 0] [--only ways names …]

ways      graphs inside graphs, edges beside edges, names that look like others: over all paths from the
          Input to the Output, the product of what lies on them, added up; and nodes renamed at random
names     inputs misspelt, left out or added: refused if and only if the names are not those of the graph
numbers   inputs and weights of every type, byte order and layout against NumPy in double; nan and
          infinity in inputs, and dt of 0, below, nan: refused
one_place time constants near dt and delays in pieces: run, check, convert and read agree with the
          tolerance of 1e-6 and with one rounding at the end of a path
check     graphs of all kinds of nodes, many of them wrong: check lets them pass if and only if the
          command succeeds (run, convert, read)

Printed as JSON, for each: cases, what came of them (so that neither side is empty), and those that came out otherwise than the oracle says, of which there must be none. Damaged files are
`nir_fuzz.py`'s.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput, SpinspikeError
from spinspike.mapping.nir import imported
from spinspike.mapping.nir.file import parse
from spinspike.mapping.nir.graph import PARAMETERS, NirGraph, Node
from spinspike.mapping.nir.synapses import synapses
from spinspike.simulators.exchange import nir_executor, nir_lava

Rng = np.random.Generator
Tree = dict[str, Any]
Verdict = tuple[bool | str, str]  # whether it was refused, or what went; and what is wrong
ONE = {"shape": np.array([1])}
NAMES = ["s", "s.s", "s.s.s", "s'", "s.s'", "i", "i>s*2", "s.i", "file", "o", "i.o", "a b", "nodes"]


def level(rng: Rng, depth: int, names: list[str]) -> Tree:
    """A graph without cycles; some of its nodes are graphs."""
    size = int(rng.integers(2, 7))
    own = [names[k] for k in rng.permutation(len(names))[:size]]
    nodes: dict[str, Tree] = {own[0]: {"type": "Input", **ONE}}
    for name in own[1:-1]:
        if depth and rng.random() < 0.4:
            nodes[name] = level(rng, depth - 1, names)
        elif rng.random() < 0.5:
            nodes[name] = {"type": "Scale", "scale": rng.integers(-3, 4, 1) * 1.0}
        else:
            nodes[name] = {"type": "Linear", "weight": rng.integers(-3, 4, (1, 1)) * 1.0}
    nodes[own[-1]] = {"type": "Output", **ONE}
    edges = [
        [own[a], own[b]] for a in range(size) for b in range(a + 1, size) if rng.random() < 0.6
    ]
    rng.shuffle(edges)
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges}


def sum_over_paths(tree: Tree) -> float:
    kinds = {name: node["type"] for name, node in tree["nodes"].items()}
    (start,) = (name for name, kind in kinds.items() if kind == "Input")
    (end,) = (name for name, kind in kinds.items() if kind == "Output")

    def onward(name: str) -> float:
        if name == end:
            return 1.0
        node = tree["nodes"][name]
        if node["type"] == "NIRGraph":
            factor = sum_over_paths(node)
        else:
            factor = float(np.ravel(node.get("weight", node.get("scale", 1.0)))[0])
        return factor * sum(onward(b) for a, b in tree["edges"] if a == name)

    return onward(start)


def of_tree(tree: Tree) -> float:
    graph = parse(Path("x"), {"node": tree})
    (i,), (o,) = graph.named("Input"), graph.named("Output")
    found = float(nir_executor.execute(graph, {i: np.ones((1, 1, 1))}, dt=1.0)[o].item())
    product = sum(s.weight.toarray().item() for s in synapses(graph))
    if product != found:
        message = f"the executor says {found}, the matrices {product}"
        raise AssertionError(message)
    return found


def ways(rng: Rng, _: Path) -> Verdict:
    seed = int(rng.integers(2**32))
    tree = level(np.random.default_rng(seed), 3, NAMES)
    other = level(np.random.default_rng(seed), 3, [NAMES[k] for k in rng.permutation(len(NAMES))])
    found, renamed, wanted = of_tree(tree), of_tree(other), sum_over_paths(tree)
    same = found == renamed == wanted
    return (
        "nothing" if wanted == 0 else "something",
        "" if same else f"{found}, renamed {renamed}, paths {wanted}",
    )


def names(rng: Rng, _: Path) -> Verdict:
    needed = [str(n) for n in rng.permutation(["input", "label", "teach", "x", "bias_E"])]
    needed = needed[: int(rng.integers(1, 5))]
    nodes = {n: Node("Input", ONE) for n in needed} | {"out": Node("Output", ONE)}
    graph = NirGraph(nodes, tuple((n, "out") for n in needed))
    given = list(needed)
    for _change in range(int(rng.integers(0, 3))):
        at = int(rng.integers(len(given))) if given else 0
        match rng.integers(4):
            case 0 if given:
                given[at] = given[at].swapcase()
            case 1 if given:
                given[at] = given[at][:-1] or "y"
            case 2 if given:
                del given[at]
            case _:
                given.append(str(rng.choice(["out", "lable", "input ", ""])))
    arrays = {n: np.ones((2, 1, 1)) for n in given}
    wanted = set(arrays) != set(needed)
    try:
        nir_executor.execute(graph, arrays, dt=1.0)
    except BadInput as error:
        odd = [n for n in (set(arrays) ^ set(needed)) if n in str(error)]
        return True, "" if wanted and (odd or "" in arrays) else f"{given} for {needed}: {error}"
    return False, f"{given} taken for {needed}" if wanted else ""


TYPES = ("f2", "f4", "f8", "i1", "i4", "u2", "?", ">f2", ">f4", ">f8", ">i4")


def laid_out(rng: Rng, values: Any) -> Any:
    """The same numbers in another type and layout; what is not whole stays floating."""
    kind = str(rng.choice(TYPES))
    found = np.asarray(values).astype(kind)
    match rng.integers(3):
        case 0:
            return np.asfortranarray(found)
        case 1:
            wide = np.zeros((*found.shape[:-1], 2 * found.shape[-1]), dtype=found.dtype)
            wide[..., ::2] = found
            return wide[..., ::2]
        case _:
            return found[::-1][::-1]


def numbers(rng: Rng, _: Path) -> Verdict:
    m, n = (int(k) for k in rng.integers(1, 6, 2))
    weight, x = (
        laid_out(rng, rng.integers(0, 5, (m, n)) / 2),
        laid_out(rng, rng.integers(0, 5, (3, 2, n))),
    )
    dt = (
        float(rng.choice([1e-4, 1.0, 1e-300, 0.0, -1.0, np.nan, np.inf]))
        if rng.random() < 0.3
        else 1.0
    )
    bad = x.dtype.kind == "f" and rng.random() < 0.3
    if bad:
        x = x.copy()
        x[tuple(int(rng.integers(k)) for k in x.shape)] = rng.choice([np.nan, np.inf, -np.inf])
    tree = {
        "type": "NIRGraph",
        "nodes": {
            "i": {"type": "Input", "shape": np.array([n])},
            "w": {"type": "Linear", "weight": weight},
            "o": {"type": "Output", "shape": np.array([m])},
        },
        "edges": [["i", "w"], ["w", "o"]],
    }
    wanted = bad or not (np.isfinite(dt) and dt > 0)
    try:
        found = nir_executor.execute(parse(Path("x"), {"node": tree}), {"i": x}, dt=dt)["o"]
    except BadInput as error:
        return True, "" if wanted else f"{x.dtype} {weight.dtype} dt {dt}: {error}"
    right = (found == x.astype(np.float64) @ weight.astype(np.float64).T).all()
    return False, "" if right and not wanted else f"{x.dtype} {weight.dtype} dt {dt}: {found}"


def one_place(rng: Rng, _: Path) -> Verdict:
    """A neuron behind delays; single precision now and then."""
    dt = float(10.0 ** rng.uniform(-5, 1))
    off = float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-8, -4))
    if 0.5 < abs(off) / 1e-6 < 2:  # too near to the tolerance for an oracle of its own
        off = 0.0
    kind = np.float32 if rng.random() < 0.5 and not 1e-7 < abs(off) < 3e-6 else np.float64
    pieces = rng.uniform(0, 2, int(rng.integers(1, 5)))
    if abs((pieces.sum() + 0.5) % 1 - 0.5 + 0.5) % 1 < 1e-3:
        pieces = np.round(pieces)
    near_half = abs(pieces.sum() % 1 - 0.5) < 1e-3
    late = int(np.floor(pieces.sum() + 0.5)) if not near_half else None
    one: Any = np.ones(1, kind)
    tau = np.full(1, dt * (1 + off), kind)
    p = {"tau": tau, "r": one, "v_leak": 0 * one, "v_threshold": one / 2, "v_reset": 0 * one}
    nodes = {"i": Node("Input", ONE), "n": Node("LIF", p), "o": Node("Output", ONE)}
    path = ["i"]
    for k, piece in enumerate(pieces):
        nodes[f"d{k}"] = Node("Delay", {"delay": np.full(1, piece * dt, kind)})
        path.append(f"d{k}")
    graph = NirGraph(nodes, tuple(zip([*path, "n"], [*path[1:], "n", "o"], strict=True)))
    real = float(tau[0]) / dt - 1
    short, forgets = real < -1e-6, abs(real) <= 1e-6
    ran = not nir_executor.obstacles(graph, dt=dt)
    lava = not nir_lava.obstacles(graph, dt=dt)
    problems = imported.obstacles(graph, dt=dt)
    chip_tau = not any("has a tau" in text for text in problems)
    said = (ran, lava, chip_tau)
    if said != (not short, not short, forgets):
        return True, f"tau off by {real}: run, lava, chip {said}"
    if short or late is None:
        return short, ""
    x = np.zeros((12, 1, 1))
    x[0] = 10
    found = np.flatnonzero(nir_executor.execute(graph, {"i": x}, dt=dt)["o"]).tolist()[:1]
    (s,) = (s for s in synapses(graph) if s.target == "n")
    (wait,) = (w for c, w in nir_lava.to_lava(graph, dt=dt).connections if c.target == "n")
    network = nir_lava.to_lava(graph, dt=dt)
    lava_late = wait + 1 - network.neurons["n"].lag
    same = found == [late] and s.steps(dt) == late and lava_late == late
    return False, "" if same else f"{pieces} of dt: {late}, run {found}, {s.steps(dt)}, {lava_late}"


def any_node(rng: Rng, size: int) -> Node:
    """Of any kind, with numbers that may be odd."""
    kind = "Alien" if rng.random() < 0.01 else str(rng.choice(list(PARAMETERS)))
    if kind == "Alien":
        return Node(kind)
    wide = size if rng.random() < 0.98 else size + 1
    p: dict[str, Any] = {}
    for part in PARAMETERS[kind]:
        match part:
            case "weight":
                more = {"Conv1d": (1,), "Conv2d": (1, 1)}.get(kind, ())
                p[part] = rng.integers(-3, 4, (wide, size, *more)) * 1.0
            case "bias":
                p[part] = rng.integers(-2, 3, wide) * 1.0
            case "shape":
                p[part] = np.array([wide])
            case "start_dim" | "end_dim" | "padding":
                p[part] = np.array(int(rng.integers(-1, 2)) if part != "padding" else 0)
            case "stride" | "dilation" | "groups" | "kernel_size":
                p[part] = np.array(1)
            case "tau" | "tau_syn" | "tau_mem":
                p[part] = np.full(wide, float(rng.choice([1.0, 2.0, 0.5], p=[0.85, 0.1, 0.05])))
            case "v_threshold" | "threshold":
                p[part] = np.full(wide, float(rng.choice([0.5, 1.0, 1.0, 0.0, -1.0])))
            case "v_reset" | "v_leak":
                p[part] = np.full(wide, float(rng.choice([0.0, 0.0, 0.0, 1.0])))
            case "delay":
                p[part] = np.full(
                    wide,
                    float(rng.choice([0.0, 1.0, 2.0, 40.0, 1e6], p=[0.3, 0.3, 0.3, 0.07, 0.03])),
                )
            case _:
                p[part] = np.ones(wide)
    if p and rng.random() < 0.03:
        del p[str(rng.choice(list(p)))]
    return Node(kind, p)


def any_graph(rng: Rng) -> NirGraph:
    size = int(rng.integers(1, 4))
    inner = {f"n{k}": any_node(rng, size) for k in range(int(rng.integers(1, 6)))}
    if rng.random() < 0.7:  # mostly what can go on chips
        p = {"tau": 1.0, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
        inner["lif"] = Node("LIF", {name: np.full(size, value) for name, value in p.items()})
    shape = {"shape": np.array([size])}
    nodes = {"i": Node("Input", shape), **inner, "o": Node("Output", shape)}
    order = list(nodes)
    edges = {(a, b) for a, b in pairwise(order) if rng.random() < 0.95}
    for _ in range(int(rng.integers(0, 3))):
        edges.add((str(rng.choice(order[:-1])), str(rng.choice(order[1:]))))
    return NirGraph(nodes, tuple(sorted(edges)))


def succeeds(command: Callable[[], object]) -> bool:
    try:
        command()
    except SpinspikeError:
        return False
    return True


def check(rng: Rng, folder: Path) -> Verdict:
    graph = any_graph(rng)
    dt = float(rng.choice([1.0, 0.7, 0.0, np.nan], p=[0.94, 0.02, 0.02, 0.02]))
    shapes = {n: tuple(graph.nodes[n].parameters.get("shape", (1,))) for n in graph.named("Input")}
    inputs = {n: (rng.random((3, 2, *map(int, s))) < 0.5) * 1.0 for n, s in shapes.items()}
    write = rng.random() < 0.02
    commands: dict[str, tuple[list[str], Callable[[], object]]] = {
        "run": (
            nir_executor.obstacles(graph, dt=dt),
            lambda: nir_executor.execute(graph, inputs, dt=dt),
        ),
        "lava": (
            nir_lava.obstacles(graph, dt=dt),
            lambda: (
                nir_lava.write(graph, folder / "lava", dt=dt, force=True)
                if write
                else nir_lava.to_lava(graph, dt=dt)
            ),
        ),
        "chip": (imported.obstacles(graph, dt=dt), lambda: imported.import_nir(graph, dt=dt)),
    }
    wrong = [
        f"{name}: check says {problems or 'go'}, the command {'went' if went else 'did not'}"
        for name, (problems, command) in commands.items()
        if (went := succeeds(command)) == bool(problems)
    ]
    passed = [name for name, (problems, _) in commands.items() if not problems]
    return ", ".join(passed) or "nothing", "; ".join(wrong)


KINDS: dict[str, Callable[[Rng, Path], Verdict]] = {
    "ways": ways,
    "names": names,
    "numbers": numbers,
    "one_place": one_place,
    "check": check,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.only:
            outcomes: Counter[str] = Counter()
            wrong = []
            for number in range(options.count):
                rng = np.random.default_rng((options.seed, list(KINDS).index(kind), number))
                try:
                    no, why = KINDS[kind](rng, Path(folder))
                except Exception as error:  # noqa: BLE001  these are what is looked for
                    no, why = False, f"{type(error).__name__}: {error}"
                outcomes[no if isinstance(no, str) else "refused" if no else "taken"] += 1
                if why:
                    wrong.append(f"{number}: {why}")
            results[kind] = {"cases": options.count, "outcomes": outcomes, "wrong": len(wrong)}
            results[kind]["first"] = wrong[:5]
    print(json.dumps(results, indent=1))
    return int(any(found["wrong"] for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())
