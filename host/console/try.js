// One prediction: a form of the model's features, and the same call for a shell.

import { address, get, post, token } from "./api.js";
import { h } from "./dom.js";
import { number, percent } from "./format.js";

export async function drawTry({ model, path }) {
  const { features, response_field: answered, target } = await get(path);
  const curl = h("code", { tabindex: "0" });
  const result = h("div", { class: "result", role: "status" }, h("p", { class: "note" }, "Nothing asked yet."));
  const fields = features.map((feature) => field(feature));
  const record = () => Object.fromEntries(fields.map(({ name, value }) => [name, value()]));
  const update = () => {
    for (const { check } of fields) check();
    curl.textContent = command(`${path}/predict`, record());
  };
  const predict = async (event) => {
    event.preventDefault();
    for (const { complain } of fields) complain("");
    try {
      const response = await post(`${path}/predict`, record());
      const prediction = await response.json();
      const outside = fields.filter(({ check }) => check()).map(({ name }) => name);
      result.replaceChildren(...answer(prediction, answered, target, outside, response.headers.get("x-model-version")));
    } catch (error) {
      for (const { field: wrong, problem } of error.errors ?? []) {
        fields.find(({ name }) => name === wrong)?.complain(problem);
      }
      result.replaceChildren(h("p", { class: "problem" }, error.message));
    }
  };
  const copied = h("span", { role: "status", class: "note" });
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(curl.textContent).then(() => true, () => false);
    if (!done) getSelection().selectAllChildren(curl);
    copied.textContent = done ? "copied" : "selected";
  };
  const form = h("form", { onsubmit: predict, oninput: update, novalidate: true },
    h("div", { class: "fields" }, fields.map(({ element }) => element)),
    h("div", { class: "actions" },
      h("button", { class: "primary", id: "predict" }, "Predict"),
      h("button", { type: "reset", onclick: () => setTimeout(update) }, "Example")));
  update();
  return [
    h("div", { class: "title" }, h("div", {},
      h("h1", {}, "Try it"),
      h("p", { class: "note" }, `Asks ${model} for one prediction. It counts as traffic.`))),
    h("div", { class: "trial" }, form,
      h("section", { class: "answer", "aria-labelledby": "answer" },
        h("h2", { id: "answer" }, "Prediction"), result,
        h("h2", {}, "The same in a shell"),
        h("pre", { class: "curl" }, curl),
        h("div", { class: "actions" }, h("button", { type: "button", onclick: copy }, "Copy"), copied))),
  ];
}

/** The input of a feature: what it says, and what is to be said about it. */
function field({ name, description, unit, minimum, maximum, example }) {
  const [about, said] = [`about-${name}`, `said-${name}`];
  const input = h("input", {
    id: `field-${name}`, name, type: "text", inputmode: "decimal", autocomplete: "off",
    value: String(example), "aria-describedby": `${said} ${about}`,
  });
  const note = h("span", { id: said, class: "said" });
  const value = () => {
    const text = input.value.trim();
    if (text === "") return null;
    return Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return {
    name,
    value,
    element: h("div", { class: "field" },
      h("label", { for: `field-${name}` }, name, unit && unit !== "1" ? h("span", { class: "unit" }, unit) : null),
      input, note,
      h("small", { id: about }, description, minimum === maximum ? ` Always ${number(minimum)} in training.` : ` ${number(minimum)} to ${number(maximum)} in training.`)),
    /** Marks a value outside the training range; answers whether it is. */
    check() {
      const outside = typeof value() === "number" && (value() < minimum || value() > maximum);
      input.classList.toggle("outside", outside);
      input.removeAttribute("aria-invalid");
      note.className = "said warning";
      note.textContent = outside ? "outside the training range" : "";
      return outside;
    },
    complain(problem) {
      if (!problem) return;
      input.setAttribute("aria-invalid", "true");
      note.className = "said problem";
      note.textContent = problem;
    },
  };
}

function answer(prediction, answered, target, outside, version) {
  const value = prediction[answered];
  const chances = Object.entries(prediction.probabilities ?? {}).sort(([, left], [, right]) => right - left);
  return [
    h("p", { class: "value", id: "value" }, typeof value === "number" ? number(value, 6) : value, h("small", {}, target)),
    ...chances.map(([label, chance]) => h("p", { class: "chance" }, label, h("span", {}, percent(chance, 1)))),
    outside.length === 0
      ? h("p", { class: "note" }, "All values lie within the training range.")
      : h("p", { class: "warning" }, `Outside the training range: ${outside.join(", ")}.`),
    h("p", { class: "note" }, `Answered by version ${version}.`),
  ];
}

function command(path, record) {
  const authorization = token() ? ' \\\n  -H "authorization: Bearer $TOKEN"' : "";
  const body = JSON.stringify(record).replaceAll("'", "'\\''");
  return `curl ${address(path)} \\\n  -H 'content-type: application/json'${authorization} \\\n  -d '${body}'`;
}
