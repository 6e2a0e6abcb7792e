// Charts, drawn by uPlot in the colours of the page.

import { number } from "./format.js";
import { h } from "./dom.js";

/* global uPlot */

const drawn = new Map();
const waiting = new Map();
const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const { plot, height } = drawn.get(target) ?? {};
    if (plot && Math.abs(plot.width - contentRect.width) >= 1) plot.setSize({ width: contentRect.width, height });
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { draw } of drawn.values()) draw();
});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A figure that holds a chart; `options` is called again when the colours change. */
function chart(label, height, data, options) {
  const holder = h("div", { class: "chart", role: "img", "aria-label": label });
  holder.style.height = `${height}px`;
  const draw = () => {
    const known = drawn.get(holder);
    known?.plot?.destroy();
    const plot = new uPlot({ width: holder.clientWidth || 300, height, ...options() }, known?.data ?? data, holder);
    drawn.set(holder, { plot, height, draw, data: known?.data ?? data });
  };
  waiting.set(holder, draw);
  holder.update = (next) => {
    const known = drawn.get(holder);
    if (known) {
      known.data = next;
      known.plot.setData(next);
    }
  };
  return holder;
}

/** Draws the charts that have come into the page, where they have a width; forgets those that are
 *  no longer in it. */
export function settle() {
  for (const [holder, draw] of waiting) {
    if (!holder.isConnected) continue;
    draw();
    resized.observe(holder);
  }
  waiting.clear();
  for (const [holder, { plot }] of drawn) {
    if (holder.isConnected) continue;
    resized.unobserve(holder);
    plot.destroy();
    drawn.delete(holder);
  }
}

function axis(more = {}) {
  const line = { stroke: colour("line"), width: 1 };
  return { stroke: colour("muted"), font: "11px system-ui, sans-serif", grid: line, ticks: { show: false }, gap: 5, ...more };
}

const plainly = (plot, splits) => splits.map((split) => (split === null ? "" : number(split, 3)));
const upright = () => axis({ size: 46, values: plainly });
const still = { show: false };

/** Shares of the samples' rows. */
export function shares(counts) {
  const all = counts.reduce((sum, count) => sum + count, 0) || 1;
  return counts.map((count) => count / all);
}

/** The bins of a distribution by what they are called. */
export function names({ edges, values, reference }, classes) {
  if (edges) return edges.slice(1).map((edge, bin) => `${number(edges[bin], 3)} to ${number(edge, 3)}`);
  return reference.map((_, bin) => (bin < values.length ? classes[values[bin]] ?? number(values[bin]) : "others"));
}

/** Reference and current values of a column over each other, as shares of their rows. */
export function distribution(column, { edges, values, reference, current }, classes) {
  const bins = reference.map((_, bin) => bin);
  const called = names({ edges, values, reference }, classes);
  const step = Math.ceil(bins.length / 8);
  // A bin is drawn around its position, an edge lies half a position before it.
  const ticks = edges
    ? [0, edges.length >> 1, edges.length - 1].map((edge) => [edge - 0.5, number(edges[edge], 3)])
    : called.map((name, bin) => [bin, name]).filter(([bin]) => bin % step === 0);
  const width = edges ? 1 : 0.8;
  return chart(`${column}: distribution of reference and current values`, 150,
    [bins, shares(reference), shares(current)],
    () => ({
      cursor: still, legend: still, padding: [8, 14, 0, 0],
      scales: { x: { time: false, range: [-0.6, bins.length - 0.4] }, y: { range: (plot, low, high) => [0, high * 1.05 || 1] } },
      axes: [
        axis({ splits: () => ticks.map(([place]) => place), values: () => ticks.map(([, name]) => name), grid: still, size: 26 }),
        axis({ size: 42, values: (plot, splits) => splits.map((split) => `${number(100 * split, 2)} %`) }),
      ],
      series: [
        {},
        { fill: colour("reference"), paths: uPlot.paths.bars({ size: [width, 200] }), points: still },
        { stroke: colour("accent"), fill: colour("accent-veil"), width: 1.5, paths: uPlot.paths.bars({ size: [width, 200] }), points: still },
      ],
    }));
}

/** Values over rows, evaluations or time: `series` are `[name, values, colour]`, `place` names a
 *  position, `span` is the length of the axis where that is fixed. */
export function lines(label, xs, series, { place = String, span, height = 220, dots = false, zero = false, unit = "" } = {}) {
  const reach = (plot, low, high) => {
    if (low === null) return [0, 1];
    const [from, until] = zero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
    const margin = (until - from) * 0.08 || Math.abs(until) * 0.1 || 1;
    return [zero && low >= 0 ? 0 : from - margin, until + margin];
  };
  const along = (plot, low, high) => (span ? [high - span, high] : dots ? [low - 0.5, high + 0.5] : [low, high]);
  return chart(label, height, [xs, ...series.map(([, values]) => values)], () => ({
    cursor: { drag: { x: false, y: false } }, padding: [8, 18, 0, 0],
    scales: { x: { time: false, range: along }, y: { range: reach } },
    axes: [
      axis({ grid: still, size: 30, space: place === String ? 50 : 110, incrs: [1, 2, 5, 10, 15, 20, 30, 60, 100, 200, 500, 1e3, 1e4, 1e5, 1e6], values: (plot, splits) => splits.map((split) => place(split)) }),
      upright(),
    ],
    series: [
      { label: "at", value: (plot, value) => (value === null ? "" : place(value)) },
      ...series.map(([name, , hue]) => ({
        label: name, stroke: colour(hue), width: 2, points: { show: dots, size: 7, fill: colour(hue) },
        value: (plot, value) => (value === null ? "" : `${number(value)}${unit}`),
      })),
    ],
  }));
}

/** Predictions against true values, with the line on which they are equal. */
export function scatter(label, actual, predicted) {
  const order = actual.map((_, row) => row).sort((left, right) => actual[left] - actual[right]);
  const xs = order.map((row) => actual[row]);
  const both = [...actual, ...predicted];
  const low = both.reduce((least, value) => Math.min(least, value), Infinity);
  const high = both.reduce((most, value) => Math.max(most, value), -Infinity);
  const margin = (high - low) * 0.04 || 1;
  const range = [low - margin, high + margin];
  return chart(label, 300, [xs, xs, order.map((row) => predicted[row])], () => ({
    cursor: still, legend: still, padding: [8, 14, 0, 0],
    scales: { x: { time: false, range }, y: { range } },
    axes: [axis({ label: "actual", labelSize: 20, labelFont: "12px system-ui, sans-serif", size: 28, values: plainly }),
      axis({ label: "predicted", labelSize: 20, labelFont: "12px system-ui, sans-serif", size: 46, values: plainly })],
    series: [
      {},
      { stroke: colour("muted"), width: 1, dash: [4, 4], points: still },
      { paths: () => null, points: { show: true, size: 5, width: 0, space: 0, fill: colour("accent-dots"), stroke: colour("accent-dots") } },
    ],
  }));
}
