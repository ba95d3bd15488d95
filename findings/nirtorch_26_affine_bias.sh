#!/usr/bin/env bash
# nirtorch 2.6 turns an Affine of NIR into a torch Linear with the right weights and a bias drawn at random:
# two imports of one graph give two different networks, and neither adds the bias of the graph.
# One would have guessed that the default mapping of W x + b keeps b, as its mappings of convolutions do.
#
# Needs Python 3.11. Seen with nirtorch 2.6, nir 1.0.8 and torch 2.13.0 on the CPU: for W = 0 and b = (10, 20)
# the outputs lie between -1 and 1 and change with the seed; the mapping stores b under `weight.bias`.
# With a mapping for Affine of one's own the output is (10, 20).
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
"$place/env/bin/python" -m pip --quiet --disable-pip-version-check install \
  nirtorch==2.6 nir==1.0.8 torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$place/look.py" <<'PY'
from importlib.metadata import version

import nir
import nirtorch
import numpy as np
import torch

size = np.array([2])
graph = nir.NIRGraph(
    nodes={
        "input": nir.Input({"input": size}),
        "affine": nir.Affine(
            weight=np.zeros((2, 2), dtype=np.float32), bias=np.array([10.0, 20.0], dtype=np.float32)
        ),
        "output": nir.Output({"output": size}),
    },
    edges=[("input", "affine"), ("affine", "output")],
)


def imported(seed, node_map):
    torch.manual_seed(seed)
    out, _ = nirtorch.nir_to_torch(graph, node_map)(torch.zeros(1, 2))
    return out.detach().numpy()[0]


def own(node):
    made = torch.nn.Linear(2, 2)
    made.weight.data, made.bias.data = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
    return made


first, second = imported(0, {}), imported(1, {})
print("nirtorch", version("nirtorch"), "for 0 x + (10, 20):", first, "and, imported again,", second)
assert (np.abs(first) < 1).all() and (np.abs(second) < 1).all() and (first != second).all()
right = imported(0, {nir.Affine: own})
print("with a mapping of one's own:", right)
assert (right == [10, 20]).all()
PY
"$place/env/bin/python" -W ignore "$place/look.py"
