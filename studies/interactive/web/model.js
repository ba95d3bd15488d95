// A run as numbers: states and spikes of a pattern, fields, margins, overlap, energy.
// Fields are whole numbers in weight units, summed as the chip does.

export class Graph {
  constructor(header, array) {
    Object.assign(this, header);
    this.populations = header.populations;
    for (const name of ["bias", "unit", "input_sign", "decoder", "scale", "twin"])
      this[name] = array(header[name]);
    this.core = header.core == null ? null : array(header.core);
    this.neurons = this.unit.length;
    this.start = {};
    let start = 0;
    for (const p of this.populations)
      if (p.neuron === "threshold") {
        this.start[p.name] = start;
        start += p.size;
      }
    this.neuronsOf = Array.from({ length: this.units }, () => []);
    this.unit.forEach((unit, k) => this.neuronsOf[unit].push(k));
    this.populationOf = (k) => {
      const found = this.populations.find(
        (p) => p.name in this.start && k >= this.start[p.name] && k < this.start[p.name] + p.size,
      );
      return found.name;
    };
    this.neuronName = (k) => {
      const name = this.populationOf(k);
      return `${name} ${k - this.start[name]}`;
    };
  }
}

// A projection into the threshold neurons with its arrays laid out, rows by target.
function laidOut(projection, counts, steps, mantissa, key) {
  const indptr = new Int32Array(counts.length + 1);
  for (let k = 0; k < counts.length; k++) indptr[k + 1] = indptr[k] + counts[k];
  const indices = new Int32Array(steps.length);
  for (let k = 0, at = 0; k < steps.length; k++) indices[k] = at += steps[k];
  return { indptr, indices, mantissa, key };
}

export class Scene {
  constructor(header, graph, array, shared) {
    Object.assign(this, header);
    this.graphOf = graph;
    this.array = array;
    for (const name of [
      "spikes", "times", "supervisory", "clamped", "bias", "input", "first", "away", "exact", "held",
      "margin", "weakest", "read", "meant",
    ])
      this[name] = array(header[name]);
    this.count = this.exact.length;
    this.steps = this.times.length;
    this.shared = shared; // laid out arrays, by what they are made of
    this.header = header;
  }

  // Synapses, laid out when they are first asked for.
  get synapses() {
    this.laid ??= this.header.projections.map(([k, steps]) => {
      const p = this.graphOf.projections[k];
      const key = `${p.counts} ${steps} ${p.mantissa}`;
      this.shared[key] ??= laidOut(
        p, this.array(p.counts), this.array(steps), this.array(p.mantissa), key,
      );
      return {
        name: p.name,
        role: p.role,
        source: p.source,
        target: p.target,
        factor: p.sign * 2 ** p.exponent,
        ...this.shared[key],
      };
    });
    return this.laid;
  }

  phase(k) {
    const time = this.times[k];
    if (time <= this.cue + 1e-9) return "cue";
    return time <= this.release + 1e-9 ? "clamp" : "hold";
  }

  // Number of the read-out that starts the hold: the first at the release or after it.
  get releaseIndex() {
    let k = 0;
    while (k < this.steps - 1 && this.times[k] < this.release - 1e-9) k++;
    return k;
  }

  // Neurons over time, (T, N), 0 or 1; units where a simulator keeps no spikes of each pattern.
  cells(pattern) {
    if (this.cached?.pattern === pattern) return this.cached.cells;
    const size = this.cells_size;
    const bytes = Math.ceil(size / 8);
    const row = new Uint8Array(bytes);
    const found = new Uint8Array(this.steps * size);
    const others = [];
    if (this.kept === "neurons")
      this.graphOf.twin.forEach((twin, k) => twin !== k && others.push([k, twin]));
    for (let t = 0; t < this.steps; t++) {
      const at = (pattern * this.steps + t) * bytes;
      for (let b = 0; b < bytes; b++) row[b] ^= this.spikes[at + b];
      const out = t * size;
      for (let k = 0; k < size; k++) found[out + k] = (row[k >> 3] >> (k & 7)) & 1;
      for (const [k, twin] of others) found[out + k] ^= found[out + twin];
    }
    this.cached = { pattern, cells: found };
    return found;
  }

  get cells_size() {
    return this.kept === "neurons" ? this.graphOf.neurons : this.graphOf.units;
  }

  // States of the units at a read-out, 0 or 1.
  states(pattern, k) {
    const { units, decoder, input_sign } = this.graphOf;
    const cells = this.cells(pattern);
    const at = k * this.cells_size;
    const found = new Uint8Array(units);
    for (let i = 0; i < units; i++)
      found[i] =
        this.kept === "units"
          ? cells[at + i]
          : cells[at + decoder[i]] ^ (input_sign[decoder[i]] < 0 ? 1 : 0);
    return found;
  }

  // Spikes of all threshold neurons at a read-out.
  neuronsAt(pattern, k) {
    if (this.kept === "neurons") {
      const n = this.graphOf.neurons;
      return this.cells(pattern).subarray(k * n, (k + 1) * n);
    }
    return this.neuronsIn(this.states(pattern, k));
  }

  // Spikes of all threshold neurons while the units are in a state.
  neuronsIn(state) {
    const { unit, input_sign } = this.graphOf;
    return Uint8Array.from(unit, (i, k) => (input_sign[k] > 0 ? state[i] : 1 - state[i]));
  }

  // What the input adds to the field of each neuron.
  inputOf(pattern) {
    const { neurons, twin } = this.graphOf;
    const found = new Int32Array(neurons);
    const at = pattern * neurons;
    for (let k = 0; k < neurons; k++)
      found[k] = this.input[at + k] + (twin[k] === k ? 0 : found[twin[k]]);
    return found;
  }

  // Field that synapses of the threshold neurons make of their spikes.
  synaptic(spikes) {
    const { start, neurons } = this.graphOf;
    const found = new Float64Array(neurons);
    const products = {};
    for (const p of this.synapses) {
      if (!(p.source in start) || !(p.target in start)) continue;
      const key = `${p.source} ${p.key}`;
      if (!products[key]) {
        const rows = p.indptr.length - 1;
        const { indptr, indices, mantissa } = p;
        const from = start[p.source];
        const sums = new Float64Array(rows);
        for (let r = 0, k = 0; r < rows; r++) {
          let sum = 0;
          for (const end = indptr[r + 1]; k < end; k++) sum += mantissa[k] * spikes[from + indices[k]];
          sums[r] = sum;
        }
        products[key] = sums;
      }
      const sums = products[key];
      const at = start[p.target];
      for (let r = 0; r < sums.length; r++) found[at + r] += p.factor * sums[r];
    }
    return found;
  }

  // Field of the supervisory neurons of a class; none for -1.
  signal(label) {
    const { start, neurons } = this.graphOf;
    const found = new Float64Array(neurons);
    if (label < 0) return found;
    for (const p of this.synapses) {
      if (p.role !== "supervisory" || !(p.target in start)) continue;
      for (let r = 0; r < p.indptr.length - 1; r++)
        for (let k = p.indptr[r]; k < p.indptr[r + 1]; k++)
          if (p.indices[k] === label) found[start[p.target] + r] += p.factor * p.mantissa[k];
    }
    return found;
  }

  // Integer margin of every neuron, without supervisory signal, if its spikes stay.
  margins(pattern, spikes) {
    const input = this.inputOf(pattern);
    const synaptic = this.synaptic(spikes);
    return synaptic.map((x, k) => {
      const field = x + this.bias[k] + input[k];
      return spikes[k] ? field : 1 - field;
    });
  }

  // The least of the margins of each unit's neurons.
  byUnit(margins) {
    const found = new Float64Array(this.graphOf.units).fill(Infinity);
    this.graphOf.unit.forEach((unit, k) => (found[unit] = Math.min(found[unit], margins[k])));
    return found;
  }

  // Parts of the field of one neuron at a read-out, and their sum.
  parts(pattern, k, neuron) {
    const spikes = this.neuronsAt(pattern, k);
    const { start } = this.graphOf;
    const found = {
      input: this.inputOf(pattern)[neuron],
      coupling: 0,
      link: 0,
      self: 0,
      constant: this.bias[neuron],
      supervisory: this.phase(k) === "clamp" ? this.signal(this.clamped[pattern])[neuron] : 0,
    };
    for (const p of this.synapses) {
      const row = neuron - start[p.target];
      if (!(p.source in start) || !(row >= 0 && row < p.indptr.length - 1)) continue;
      let sum = 0;
      for (let s = p.indptr[row]; s < p.indptr[row + 1]; s++)
        sum += p.mantissa[s] * spikes[start[p.source] + p.indices[s]];
      found[p.role] += p.factor * sum;
    }
    found.field = Object.values(found).reduce((a, b) => a + b, 0);
    const bare = found.field - found.supervisory;
    found.margin = spikes[neuron] ? bare : 1 - bare;
    return found;
  }

  // Overlap with s* over time.
  overlap(pattern) {
    const at = pattern * this.steps;
    return Array.from(this.away.subarray(at, at + this.steps), (n) => 1 - (2 * n) / this.graphOf.units);
  }

  // -(1/H) sum_i s_i (h_i / 2 + input_i + signal_i) in units of the network's field, over time.
  energy(pattern) {
    const { units, decoder, input_sign, scale } = this.graphOf;
    const input = this.inputOf(pattern);
    const signal = this.signal(this.clamped[pattern]);
    let before = null;
    let inner = 0;
    let pulled = 0;
    return Array.from(this.times, (_, k) => {
      const spikes = this.neuronsAt(pattern, k);
      if (!before || spikes.some((n, i) => n !== before[i])) {
        const synaptic = this.synaptic(spikes);
        inner = pulled = 0;
        for (let i = 0; i < units; i++) {
          const d = decoder[i];
          const s = (spikes[d] ? 1 : -1) / scale[i];
          inner -= s * ((synaptic[d] + this.bias[d]) / 2 + input[d]);
          pulled -= s * signal[d];
        }
        before = spikes;
      }
      return (inner + (this.phase(k) === "clamp" ? pulled : 0)) / units;
    });
  }
}

export function stars(patterns, array, units) {
  const bits = array(patterns.star);
  const bytes = Math.ceil(units / 8);
  return (pattern) =>
    Uint8Array.from({ length: units }, (_, i) => (bits[pattern * bytes + (i >> 3)] >> (i & 7)) & 1);
}
