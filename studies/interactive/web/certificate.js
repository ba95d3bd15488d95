// What is certain of one neuron in s*, and the least that would break it.

// Synapses onto a neuron from threshold neurons: [source neuron, weight, role].
export function incoming(scene, neuron) {
  const { start } = scene.graphOf;
  const found = [];
  for (const p of scene.synapses) {
    const row = neuron - start[p.target];
    if (!(p.source in start) || !(row >= 0 && row < p.indptr.length - 1)) continue;
    for (let s = p.indptr[row]; s < p.indptr[row + 1]; s++)
      found.push([start[p.source] + p.indices[s], p.factor * p.mantissa[s], p.role]);
  }
  return found;
}

// Synapses from a neuron onto threshold neurons: [target neuron, weight, role].
export function outgoing(scene, neuron) {
  const { start } = scene.graphOf;
  const found = [];
  for (const p of scene.synapses) {
    const source = neuron - start[p.source];
    if (!(p.target in start) || !(source >= 0)) continue;
    const { indptr, indices } = p;
    for (let r = 0; r < indptr.length - 1; r++)
      for (let s = indptr[r]; s < indptr[r + 1]; s++)
        if (indices[s] === source) found.push([start[p.target] + r, p.factor * p.mantissa[s], p.role]);
  }
  return found;
}

// Of sizes that are lost, the fewest that come to more than there is room for; Infinity: not all do.
function fewestAbove(sizes, room) {
  if (room < 0) return 0;
  let lost = 0;
  const sorted = sizes.filter((size) => size > 0).sort((a, b) => b - a);
  for (let k = 0; k < sorted.length; k++) if ((lost += sorted[k]) > room) return k + 1;
  return Infinity;
}

export function certificate(scene, pattern, star, neuron) {
  const spikes = scene.neuronsIn(star);
  const { unit } = scene.graphOf;
  const synapses = incoming(scene, neuron);
  const input = scene.inputOf(pattern)[neuron];
  let synaptic = 0;
  let strength = 0;
  for (const [source, weight] of synapses) {
    synaptic += weight * spikes[source];
    strength += Math.abs(weight) * spikes[source];
  }
  const field = synaptic + scene.bias[neuron] + input;
  const margin = spikes[neuron] ? field : 1 - field;
  const sign = spikes[neuron] ? 1 : -1;
  const taken = new Map();
  for (const [source, weight] of synapses) {
    if (unit[source] === unit[neuron]) continue;
    const loss = sign * weight * (spikes[source] ? 1 : -1);
    taken.set(unit[source], (taken.get(unit[source]) ?? 0) + Math.max(loss, 0));
  }
  return {
    margin,
    // every synapse off by less than this part of its weight
    error: strength ? Math.abs(field) / strength : Infinity,
    // fewest synapses whose loss lets it flip
    lost: fewestAbove(synapses.map(([s, w]) => sign * w * spikes[s]), margin - 1),
    // fewest other units that must be wrong at once
    flips: fewestAbove([...taken.values()], margin - 1),
  };
}
