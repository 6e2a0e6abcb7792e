// The report of an evaluation: in the console, and in a file that is complete in itself.

import { figures, h, table, verdict } from "./dom.js";
import { number, percent, scores, time } from "./format.js";
import { distribution, lines, names, scatter, settle, shares } from "./chart.js";

/** Most columns that are drawn at once. */
const MAX_CARDS = 100;

/** The whole report; `tools` are what one can do with it. */
export function drawReport(report, ...tools) {
  const period = report.evaluation_period_name ?? "Unnamed period";
  const drifted = report.columns.filter((column) => column.drifted);
  return [
    h("div", { class: "title" },
      h("div", {},
        h("h1", {}, period),
        h("p", { class: "note" }, `${report.model} ${report.version} · ${time(report.time)} · ${report.evaluated_items} rows against ${report.reference_rows} of the reference`)),
      h("div", { class: "tools" }, tools)),
    figures([
      ...scores(report),
      ["Drifted columns", `${report.drifted_columns} of ${report.columns.length}`, percent(report.drift_share, 1)],
      ["Dataset", verdict(report.drift_detected === 1), `from ${percent(report.drift_share_threshold)} on`],
    ]),
    h("section", { "aria-labelledby": "quality" },
      h("h2", { id: "quality" }, "Predictions"),
      h("div", { class: "halves" }, quality(report))),
    h("section", { "aria-labelledby": "columns" },
      h("h2", { id: "columns" }, "Columns"),
      h("p", { class: "legend" }, h("span", { class: "reference" }, "reference"), h("span", { class: "current" }, "this period"), "shares of the rows"),
      cards([...drifted, ...report.columns.filter((column) => !column.drifted)], report)),
  ];
}

function quality({ outcome, target }) {
  const { rows, mean, absolute } = outcome.errors;
  if (outcome.task === "classification") {
    return [
      h("figure", {}, h("figcaption", {}, "Predicted against actual class"),
        table("Predicted against actual class", [["Actual"], ["Predicted"], ["Rows", "number"]],
          outcome.pairs.map((pair) => [pair.actual, pair.predicted, String(pair.rows)]))),
      h("figure", {}, h("figcaption", {}, "Share of wrong predictions, in the order of the rows"),
        lines("Share of wrong predictions over the rows", rows, [["wrong", mean, "accent"]], { height: 300, zero: true })),
    ];
  }
  return [
    h("figure", {}, h("figcaption", {}, `Predicted against actual ${target}`),
      scatter(`Predicted against actual ${target}`, outcome.actual, outcome.predicted)),
    h("figure", {}, h("figcaption", {}, "Error (predicted less actual), in the order of the rows"),
      lines("Error over the rows", rows, [["mean error", mean, "accent"], ["mean absolute error", absolute, "muted"]], { height: 270, zero: true })),
  ];
}

/** Cards of columns; of very many the first ones, until more are asked for. */
function cards(columns, report) {
  const [first, others] = [columns.slice(0, MAX_CARDS), columns.slice(MAX_CARDS)];
  const drawnFirst = h("div", { class: "cards" }, first.map((column) => card(column, report)));
  if (others.length === 0) return drawnFirst;
  const more = h("button", { type: "button", onclick: () => {
    more.replaceWith(cards(others, report));
    settle();
  } }, `${others.length} more`);
  return h("div", {}, drawnFirst, h("div", { class: "actions" }, more));
}

function card({ column, kind, method, p_value, score, threshold, drifted, distribution: counts }, { target, classes }) {
  const labels = column === target || column === "prediction" ? classes : [];
  return h("article", { class: drifted ? "card drifted" : "card" },
    h("header", {}, h("h3", {}, column), verdict(drifted)),
    h("p", { class: "note" },
      `${method} ${p_value ? "p = " : ""}${number(score, 3)}, drifted ${p_value ? "below" : "from"} ${number(threshold)}`,
      column === target ? " · target" : kind === "categorical" ? " · categorical" : ""),
    distribution(column, counts, labels),
    values(column, counts, labels));
}

/** The same as a table, made when it is asked for. */
function values(column, counts, labels) {
  const details = h("details", {}, h("summary", {}, "Values"));
  details.addEventListener("toggle", () => {
    if (details.children.length > 1) return;
    const [reference, current] = [shares(counts.reference), shares(counts.current)];
    details.append(table(`Values of ${column}`, [["Value"], ["Reference", "number"], ["This period", "number"]],
      names(counts, labels).map((name, bin) => [name, percent(reference[bin], 1), percent(current[bin], 1)])));
  });
  return details;
}
