// One unit: what drives it now, what is certain of it in s*, and its strongest synapses.

import { certificate, incoming, outgoing } from "./certificate.js";
import { h, number } from "./dom.js";

const LISTED = 8;
const PARTS = {
  input: "input",
  coupling: "couplings",
  link: "links between modules",
  self: "self-coupling",
  constant: "constant of the neuron",
  supervisory: "supervisory signal",
  field: "field, the sum",
  margin: "margin without the signal",
};

// The unit's neuron with the least margin in s*.
export function weakestNeuron(scene, pattern, star, unit) {
  const neurons = scene.graphOf.neuronsOf[unit];
  const margins = neurons.map((k) => certificate(scene, pattern, star, k).margin);
  return neurons[margins.indexOf(Math.min(...margins))];
}

export function fieldTable(columns, unit, star) {
  const neurons = columns.map(({ scene }) => scene.graphOf.decoder[unit]);
  const parts = columns.map(({ scene, pattern, k }, c) => scene.parts(pattern, k, neurons[c]));
  const shown = Object.keys(PARTS).filter((key) => key !== "link" || parts.some((p) => p.link));
  const state = (value) => (value ? "+1" : "−1");
  return h(
    "table",
    { class: "fields" },
    h("caption", {}, "Field in weight units, if the spikes of this moment stay"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "part"),
      columns.map(({ letter, scene }, c) => h("th", { scope: "col" }, `${letter}, neuron ${scene.graphOf.neuronName(neurons[c])}`)))),
    h(
      "tbody",
      {},
      h("tr", {}, h("th", { scope: "row" }, `state (${state(star[unit])} in s*)`),
        columns.map(({ scene, pattern, k }) => h("td", { "data-part": "state" }, state(scene.states(pattern, k)[unit])))),
      shown.map((key) =>
        h("tr", { class: key === "field" || key === "margin" ? "sum" : "" },
          h("th", { scope: "row" }, PARTS[key]),
          parts.map((p) => h("td", { "data-part": key }, number(p[key])))),
      ),
    ),
  );
}

export function certificates(columns, unit, star) {
  return columns.map(({ letter, scene, pattern }) => {
    const neuron = weakestNeuron(scene, pattern, star, unit);
    const { margin, error, lost, flips } = certificate(scene, pattern, star, neuron);
    const name = scene.graphOf.neuronName(neuron);
    const said =
      margin >= 1
        ? [
            "In s* its margin is ", h("b", { "data-certificate": "margin" }, number(margin)),
            ` (neuron ${name}): certain to stay. What it would take to turn it: `,
            ...needed(flips, "flips", "other unit", "other units", "wrong at once"),
            "; or ",
            ...needed(lost, "lost", "synapse", "synapses", "lost"),
            Number.isFinite(error)
              ? ["; or every synapse off by ", h("b", { "data-certificate": "error" }, number(error * 100)), " %"]
              : [],
            ".",
          ].flat()
        : [
            "In s* its margin is ", h("b", { "data-certificate": "margin" }, number(margin)),
            ` (neuron ${name}): nothing holds it there, it turns by itself.`,
          ];
    return h("p", { class: "certificate" }, h("strong", {}, `${letter}. `), ...said);
  });
}

function needed(count, key, one, many, end) {
  if (!Number.isFinite(count)) return [`no number of ${many} suffices`];
  return [h("b", { "data-certificate": key }, number(count)), ` ${count === 1 ? one : many}${end && ` ${end}`}`];
}

export function synapseLists({ letter, scene, pattern, k }, unit, onunit) {
  const graph = scene.graphOf;
  const spikes = scene.neuronsAt(pattern, k);
  const neuron = graph.decoder[unit];
  const arriving = incoming(scene, neuron).map(([from, weight, role]) => ({ other: from, weight, role, active: spikes[from] }));
  const leaving = graph.neuronsOf[unit].flatMap((own) =>
    outgoing(scene, own).map(([to, weight, role]) => ({ own, other: to, weight, role, active: spikes[own] })),
  );
  const most = Math.max(1, ...[...arriving, ...leaving].map((s) => Math.abs(s.weight)));
  const list = (title, synapses, onto) => {
    const shown = synapses.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, LISTED);
    return h(
      "div",
      { class: "synapses" },
      h("h3", {}, `${title} (${synapses.length.toLocaleString("en")} in all)`),
      shown.length ? null : h("p", {}, "none"),
      h("ol", {}, shown.map((s) => {
        const bar = h("span", { class: `bar ${s.weight > 0 ? "plus" : "minus"}${s.active ? "" : " idle"}` });
        bar.style.width = `${(100 * Math.abs(s.weight)) / most}%`;
        return h("li", { class: s.active ? "active" : "" },
          h("button", { type: "button", onclick: () => onunit(graph.unit[s.other]) },
            `${onto ? "→ " : ""}${graph.neuronName(s.other)}`),
          h("span", { class: "weight" }, `${s.weight > 0 ? "+" : "−"}${Math.abs(s.weight)}${s.role === "self" ? " self" : ""}${s.active ? " ●" : ""}`),
          h("span", { class: "barbox" }, bar));
      })),
    );
  };
  return [
    list(`${letter}: strongest in`, arriving, false),
    list(`${letter}: strongest out`, leaving, true),
  ];
}
