// Numbers and times as people read them.

/** A number with as many digits as say something; a dash where there is none. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

/** A number with a fixed number of decimals. */
export function fixed(value, decimals = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function percent(share, decimals = 0) {
  return share === null || share === undefined ? "–" : `${fixed(100 * share, decimals)} %`;
}

/** A time from 1970 in seconds, to the minute. */
export function time(seconds) {
  return new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** The time of the day. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}

/** A duration in seconds, in a unit that suits it. */
export function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 1e-3) return `${number(seconds * 1e6, 2)} µs`;
  if (seconds < 1) return `${number(seconds * 1e3, 2)} ms`;
  return `${number(seconds, 2)} s`;
}

export function size(bytes) {
  return bytes < 1e6 ? `${number(bytes / 1e3, 3)} kB` : `${number(bytes / 1e6, 3)} MB`;
}

/** The scores of an evaluation by their names, the one that counts first. */
export function scores(evaluation) {
  return evaluation.rmse === undefined
    ? [
        ["F1", fixed(evaluation.f1, 3)],
        ["Accuracy", fixed(evaluation.accuracy, 3)],
        ["Precision", fixed(evaluation.precision, 3)],
        ["Recall", fixed(evaluation.recall, 3)],
        ["ROC AUC", fixed(evaluation.roc_auc, 3)],
      ]
    : [
        ["RMSE", fixed(evaluation.rmse)],
        ["MAE", fixed(evaluation.mae)],
        ["R²", fixed(evaluation.r2score, 3)],
        ["MAPE", evaluation.mape === null ? "–" : `${fixed(evaluation.mape, 1)} %`],
      ];
}
