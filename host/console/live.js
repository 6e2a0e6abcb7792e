// What is predicted at the moment, asked again and again while one looks.

import { get } from "./api.js";
import { lines } from "./chart.js";
import { figures, h, table, verdict } from "./dom.js";
import { clock, duration, number, percent } from "./format.js";

/** Time between two readings, in milliseconds. */
const PAUSE = 2000;
/** Readings in the charts. */
const READINGS = 90;

export async function drawLive({ model, path, signal }) {
  let last = await get(`${path}/live`);
  const seen = [[last.time], [null], [null], [null]];
  const now = h("div", {});
  const summary = h("p", { role: "status" });
  const drift = h("div", {});
  let known;
  const moving = { zero: true, height: 180, span: (READINGS * PAUSE) / 1000, place: clock };
  const rate = lines("Requests a second", seen[0], [["requests a second", seen[1], "accent"]], { ...moving });
  const speed = lines("95th percentile of the answer times", seen[0], [["answers", seen[2], "accent"], ["model's call", seen[3], "muted"]], { ...moving, unit: " ms" });
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    pause.setAttribute("aria-pressed", String(pause.getAttribute("aria-pressed") === "false"));
  } }, "Pause");

  const draw = (reading, requests, answers, calls) => {
    now.replaceChildren(figures([
      ["Requests", requests === null ? "–" : number(requests, 3), "a second"],
      ["p95 of answers", duration(answers), "of all models"],
      ["p95 of calls", duration(calls), "of this model alone"],
      ["Window", `${reading.window.rows} of ${reading.window.capacity}`, "rows"],
      ["Rows out of range", percent(reading.window.rows ? reading.window.unusual_share : null, 1), "of the window"],
    ]));
    // Only what is new, so that neither a screen reader nor who scrolls is interrupted.
    const found = JSON.stringify(reading.drift);
    if (found === known) return;
    known = found;
    summary.replaceChildren(...summed(reading.drift));
    drift.replaceChildren(...drawDrift(reading.drift));
  };
  const look = async () => {
    const reading = await get(`${path}/live`);
    const seconds = reading.time - last.time;
    if (seconds <= 0) return;
    const requests = Math.max(0, reading.requests - last.requests) / seconds;
    const [answers, calls] = [percentile(last.answers, reading.answers), percentile(last.calls, reading.calls)];
    last = reading;
    const milliseconds = (value) => (value === null ? null : value * 1000);
    [reading.time, requests, milliseconds(answers), milliseconds(calls)].forEach((value, series) => {
      seen[series].push(value);
      if (seen[series].length > READINGS) seen[series].shift();
    });
    rate.update([seen[0], seen[1]]);
    speed.update([seen[0], seen[2], seen[3]]);
    draw(reading, requests, answers, calls);
  };
  const said = h("p", { class: "problem", role: "status" });
  const timer = setInterval(() => {
    if (document.hidden || pause.getAttribute("aria-pressed") === "true") return;
    look().then(() => { said.textContent = ""; }, (error) => { said.textContent = error.message; });
  }, PAUSE);
  signal.addEventListener("abort", () => clearInterval(timer));
  draw(last, null, null, null);
  return [
    h("div", { class: "title" },
      h("div", {}, h("h1", {}, "Live"), h("p", { class: "note" }, `Predictions of ${model}, every ${PAUSE / 1000} seconds.`)),
      h("div", { class: "tools" }, pause)),
    said,
    now,
    h("div", { class: "halves" },
      h("figure", {}, h("figcaption", {}, "Requests a second"), rate),
      h("figure", {}, h("figcaption", {}, "p95 in milliseconds"), speed)),
    h("section", { "aria-labelledby": "drift" }, h("h2", { id: "drift" }, "Drift of the sliding window"), summary, drift),
  ];
}

function summed(drift) {
  if (drift === null) return ["Not computed yet: it takes 30 predictions, and is looked at every few seconds."];
  return [verdict(drift.drifted), ` ${drift.drifted_columns} of ${drift.columns.length} columns, ${percent(drift.share, 1)}`];
}

function drawDrift(drift) {
  if (drift === null) return [];
  const columns = [["Column"], ["Method"], ["Score", "number"], ["Threshold", "number"], ["Verdict"]];
  return [table("Drift of the sliding window", columns, drift.columns.map((column) =>
    [column.column, column.method, number(column.score, 3), number(column.threshold), verdict(column.drifted)]))];
}

/** The 95th percentile of what came between two readings, interpolated within its bucket; null if
 *  nothing did. */
function percentile(before, after) {
  const counts = after.counts.map((count, bucket) => count - before.counts[bucket]);
  const all = counts[counts.length - 1];
  if (all <= 0) return null;
  const rank = 0.95 * all;
  const bucket = counts.findIndex((count) => count >= rank);
  const { bounds } = after;
  if (bucket >= bounds.length) return bounds[bounds.length - 1];
  const [below, low] = bucket === 0 ? [0, 0] : [counts[bucket - 1], bounds[bucket - 1]];
  return low + ((bounds[bucket] - low) * (rank - below)) / (counts[bucket] - below || 1);
}
