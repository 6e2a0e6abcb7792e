// What a model says of itself, and which of its versions serves.

import { call, get, post } from "./api.js";
import { figures, h, table } from "./dom.js";
import { fixed, number, percent, size, time } from "./format.js";

export async function drawModel({ model, path, again }) {
  const description = await get(path);
  const { training, component, features } = description;
  const period = training.from && training.until ? `, ${training.from} to ${training.until}` : "";
  return [
    h("div", { class: "title" }, h("div", {},
      h("h1", {}, model),
      h("p", { class: "note" },
        `Predicts ${description.target}, a ${description.task} on ${features.length} features, trained on ${number(training.rows)} rows${period}.`))),
    figures([
      ["Version", description.version, description.name === model ? null : description.name],
      ["Component", size(component.bytes), component.interface],
      ["Reference", number(description.reference_rows), "rows"],
      ["Answers in", h("code", {}, description.response_field)],
    ]),
    h("p", { class: "digest" }, h("span", {}, "Digest"), h("code", {}, component.digest)),
    h("section", { "aria-labelledby": "features" },
      h("h2", { id: "features" }, "Features"),
      drawFeatures(features)),
    h("section", { "aria-labelledby": "versions" },
      h("h2", { id: "versions" }, "Versions"),
      drawVersions(description, path, again)),
  ];
}

function drawFeatures(features) {
  const weighed = features.some((feature) => feature.importance !== null && feature.importance !== undefined);
  const most = Math.max(...features.map((feature) => feature.importance ?? 0));
  const columns = [["Feature"], ["Kind"], ["In training", "number"], ["Mean ± deviation", "number"]];
  if (weighed) columns.push(["Importance", "bars"]);
  return table("Features", columns, features.map((feature) => {
    const unit = feature.unit && feature.unit !== "1" ? ` ${feature.unit}` : "";
    const cells = [
      [h("strong", {}, feature.name), h("small", {}, feature.description)],
      feature.kind,
      `${number(feature.minimum)} – ${number(feature.maximum)}${unit}`,
      `${fixed(feature.mean)} ± ${fixed(feature.standard_deviation)}`,
    ];
    if (weighed) cells.push(bar(feature.importance ?? 0, most));
    return cells;
  }));
}

function bar(share, most) {
  const filled = h("span", { class: "filled" });
  filled.style.width = `${(100 * share) / (most || 1)}%`;
  return h("span", { class: "share" }, h("span", { class: "track", "aria-hidden": "true" }, filled), percent(share, 1));
}

function drawVersions({ versions, candidate }, path, again) {
  if (versions.length === 0) {
    return h("p", { class: "note" }, "This host keeps no versions. With ", h("code", {}, "--models FOLDER"), " they can be swapped and rolled back here.");
  }
  const status = h("p", { role: "status", class: "said" });
  const buttons = [];
  const change = async (words, request) => {
    for (const button of buttons) button.disabled = true;
    status.className = "said";
    status.textContent = `${words} …`;
    try {
      const { outcome, version } = await (await request()).json();
      await again();
      document.getElementById("said").textContent = `${version}: ${outcome}`;
    } catch (error) {
      status.className = "said problem";
      status.textContent = error.message;
    }
    for (const button of buttons) button.disabled = false;
  };
  const button = (label, attributes) => {
    const made = h("button", { type: "button", ...attributes }, label);
    buttons.push(made);
    return made;
  };
  status.id = "said";
  return [
    table("Versions", [["Version"], ["Digest"], ["Size", "number"], ["Kept since"], ["State"]],
      versions.toReversed().map((version) => [
        h("strong", {}, version.version),
        h("code", { title: version.digest }, version.digest.slice(0, 12)),
        size(version.bytes),
        time(version.created),
        version.serving ? h("span", { class: "verdict" }, "serving") : "",
      ])),
    candidate ? drawCandidate(candidate, path, change, button) : null,
    h("div", { class: "actions" },
      h("form", { class: "inline", onsubmit: (event) => {
        event.preventDefault();
        const { file, allow } = event.target.elements;
        const query = allow.checked ? "?allow=feature-change" : "";
        change("Checking the component", () => call(`${path}${query}`, {
          method: "PUT", headers: { "content-type": "application/wasm" }, body: file.files[0],
        }));
      } },
        h("label", {}, "Component", h("input", { type: "file", name: "file", accept: ".wasm,application/wasm", required: true })),
        h("label", { class: "check" }, h("input", { type: "checkbox", name: "allow" }), "with other features"),
        button("Swap in", { type: "submit", class: "primary" })),
      button("Roll back", {
        id: "rollback", disabled: versions.length < 2,
        title: "Serve the version that served before",
        onclick: () => sure("Serve the version that served before?", () => change("Rolling back", () => post(`${path}/rollback`))),
      })),
    status,
  ].filter(Boolean);
}

function drawCandidate(candidate, path, change, button) {
  return h("div", { class: "card" },
    h("h3", {}, "On trial"),
    h("pre", {}, JSON.stringify(candidate, null, 2)),
    h("div", { class: "actions" },
      button("Promote", { onclick: () => change("Promoting", () => post(`${path}/promote`)) }),
      button("End the trial", { onclick: () => change("Ending the trial", () => call(`${path}/candidate`, { method: "DELETE" })) })));
}

/** Asks before something is done. */
function sure(question, act) {
  const dialog = h("dialog", { "aria-labelledby": "sure" },
    h("h2", { id: "sure" }, question),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "primary", id: "yes", onclick: () => { dialog.close(); act(); } }, "Yes"),
      h("button", { type: "button", onclick: () => dialog.close() }, "No")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
