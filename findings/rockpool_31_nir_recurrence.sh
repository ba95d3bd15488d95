#!/usr/bin/env bash
# Rockpool 3.1.0 exports a recurrent layer, LIFTorch with has_rec, to NIR without its recurrent weights and
# without a word: the file is that of a feed-forward network.
# One would have guessed a graph with the recurrent matrix in a cycle, which its importer reads, or a refusal, as
# it has one for layers of several synapses.
#
# Needs Python 3.11. Seen with rockpool 3.1.0, nir 1.0.8, nirtorch 2.6 and torch 2.13.0 on the CPU: the same nodes, edges
# and numbers are exported with and without recurrent weights, though the two layers spike differently.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
"$place/env/bin/python" -m pip --quiet --disable-pip-version-check install \
  rockpool==3.1.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$place/look.py" <<'PY'
from importlib.metadata import version

import numpy as np
import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules import LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir

rng = np.random.default_rng(0)
weights = torch.tensor(0.4 * rng.standard_normal((3, 4)), dtype=torch.float32)
recurrent = torch.tensor(0.5 * rng.standard_normal((4, 4)), dtype=torch.float32)
x = torch.tensor(rng.random((1, 60, 3)) < 0.3, dtype=torch.float32)


def made(**options):
    first = LinearTorch((3, 4), has_bias=False)
    first.weight.data = weights.clone()
    return Sequential(first, LIFTorch(4, **options))


with_it, without = made(has_rec=True, w_rec=recurrent), made()
with torch.no_grad():
    spikes = [net(x)[0].sum().item() for net in (with_it, without)]
graphs = [to_nir(net) for net in (with_it, without)]
print("rockpool", version("rockpool"), "spikes with and without recurrence:", spikes)
print("exported nodes:", *(list(graph.nodes) for graph in graphs))
assert spikes[0] != spikes[1] and (recurrent != 0).all()
assert sorted(graphs[0].nodes) == sorted(graphs[1].nodes) and sorted(graphs[0].edges) == sorted(graphs[1].edges)
assert not any(a == b for a, b in graphs[0].edges) and len(graphs[0].edges) == len(graphs[0].nodes) - 1
neuron = graphs[0].nodes["1_LIFTorch"]
assert type(neuron).__name__ == "CubaLIF", neuron
PY
"$place/env/bin/python" -W ignore "$place/look.py"
