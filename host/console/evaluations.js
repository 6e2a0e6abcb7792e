// The last evaluations, and the report of each.

import { address, get, save } from "./api.js";
import { lines } from "./chart.js";
import { h, table, verdict } from "./dom.js";
import { percent, scores, time } from "./format.js";
import { drawReport } from "./report.js";

export async function drawEvaluations({ model, path, rest: [id] }) {
  if (id) return drawOne(model, `${path}/evaluations/${id}`);
  const { evaluations } = await get(`${path}/evaluations`);
  const title = h("div", { class: "title" }, h("div", {},
    h("h1", {}, "Evaluations"),
    h("p", { class: "note" }, `The last ones of ${model}, since the host was started.`)));
  if (evaluations.length === 0) return [title, nothing(path)];
  const [score, key] = evaluations[0].rmse === undefined ? ["F1", "f1"] : ["RMSE", "rmse"];
  const inOrder = evaluations.toReversed();
  const numbers = scores(evaluations[0]).map(([name]) => [name, "number"]);
  return [
    title,
    h("figure", {}, h("figcaption", {}, `${score} over time`),
      lines(`${score} over time`, inOrder.map((_, position) => position), [[score, inOrder.map((one) => one[key]), "accent"]],
        { dots: true, zero: true, place: (position) => inOrder[position]?.evaluation_period_name ?? "" })),
    table("Evaluations", [["Period"], ["Time"], ["Version"], ["Rows", "number"], ...numbers, ["Drifted", "number"], ["Dataset"]],
      evaluations.map((one) => [
        h("a", { href: `#/${model}/evaluations/${one.id}` }, one.evaluation_period_name ?? "unnamed"),
        time(one.time),
        one.version,
        String(one.evaluated_items),
        ...scores(one).map(([, value]) => value),
        percent(one.drift_share, 1),
        verdict(one.drift_detected === 1),
      ])),
  ];
}

function nothing(path) {
  return h("div", { class: "card" },
    h("p", {}, "No evaluation yet. Post records with their true values:"),
    h("pre", { class: "curl" }, h("code", {}, `curl ${address(`${path}/evaluate`)} \\\n  -H 'content-type: application/json' \\\n  -d '{"data": [ … ], "evaluation_period_name": "week1"}'`)));
}

async function drawOne(model, path) {
  const report = await get(path);
  const name = `${model}-${report.id}`;
  const said = h("span", { role: "status", class: "note" });
  const saving = (label, from, file) => h("button", { type: "button", onclick: () =>
    save(from, file).then(() => { said.textContent = `saved ${file}`; }, (error) => { said.textContent = error.message; }) }, label);
  return [
    h("p", { class: "back" }, h("a", { href: `#/${model}/evaluations` }, "All evaluations")),
    ...drawReport(report, said,
      saving("Save as HTML", `${path}/report.html`, `${name}.html`),
      saving("Save as JSON", path, `${name}.json`)),
  ];
}
