// What the widgets compute: plain functions over plain values. No page, no model, no state.
// Python joins this file, common.js and one widget's file into the module that the browser gets;
// `node --test` imports it as it is.

// ---- softmax ------------------------------------------------------------------------------

function format(p, digits, unit, end) {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0 || p === 1) return `${p * unit}${end}`;
  const steps = Math.floor(p * unit * 10 ** digits + 0.5);
  if (p > 0 && p < 1 && steps === 0) return `< ${(10 ** -digits).toFixed(digits)}${end}`;
  if (p > 0 && p < 1 && steps === unit * 10 ** digits) {
    return `> ${(unit - 10 ** -digits).toFixed(digits)}${end}`;
  }
  return `${(steps / 10 ** digits).toFixed(digits)}${end}`;
}

/** Three decimals, and never rounded to certainty. */
export function formatProbability(p) {
  return format(p, 3, 1, "");
}

/** Per cent with one decimal, and never rounded to certainty. */
export function formatPercent(p) {
  return format(p, 1, 100, " %");
}

/** The classes of a row, most likely first; of equals, the lower class. */
export function ranked(row) {
  return Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
}

/** Ranked classes, sum, margin (first minus second) and entropy in bits; NaN stays NaN. */
export function softmaxFacts(row) {
  const order = ranked(row);
  let sum = 0;
  let entropy = 0;
  for (const p of row) {
    sum += p;
    if (!(p <= 0)) entropy -= p * Math.log2(p);
  }
  const margin = row.length > 1 ? row[order[0]] - row[order[1]] : row[0];
  const known = !Number.isNaN(sum);
  return {
    order,
    sum,
    margin: known ? margin : NaN,
    entropy: known ? entropy + 0 : NaN,
    largestEntropy: Math.log2(row.length),
    predicted: known ? order[0] : null,
    confidence: known ? row[order[0]] : NaN,
  };
}

/** "Most likely 8 (99.9 %), then 3 (0.1 %) and 9 (< 0.1 %)." */
export function describeSoftmax(row, names) {
  const facts = softmaxFacts(row);
  if (facts.predicted === null) {
    return "The row holds NaN (not a number), so it has no most likely class.";
  }
  const words = facts.order.slice(0, 3).map((c) => `${names[c]} (${formatPercent(row[c])})`);
  const rest = words.length > 1 ? `, then ${words.slice(1).join(" and ")}` : "";
  return `Most likely ${words[0]}${rest}.`;
}

/** "sample 38, labelled 8, predicted 8, 99.9 %" */
export function describeSample(index, label, row, names = null) {
  const parts = [`sample ${index}`];
  if (label !== null && label !== undefined) parts.push(`labelled ${label}`);
  if (row) {
    const facts = softmaxFacts(row);
    if (facts.predicted === null) parts.push("predicted NaN");
    else {
      const said = names ? names[facts.predicted] : facts.predicted;
      parts.push(`predicted ${said}`, formatPercent(facts.confidence));
    }
  }
  return parts.join(", ");
}

/** Length of a bar, 0..1: the probability itself, or its place between `floor` and 1. */
export function barShare(p, scale, floor = 1e-8) {
  if (!(p > 0)) return 0;
  if (scale !== "log") return Math.min(p, 1);
  return Math.max(0, Math.min(1, 1 - Math.log10(p) / Math.log10(floor)));
}

// ---- the values of an image ---------------------------------------------------------------

/** Whole numbers as they are; others with two decimals, and tiny ones never as 0.00. */
export function formatValue(value, whole) {
  if (Number.isNaN(value)) return "NaN";
  if (whole || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 0.005) return value.toExponential(0);
  return value.toFixed(2);
}

const shortened = (text) => text.replace(/^(-?)0\./, "$1.").replace(/^(-?1\.)00$/, "$1");

/** The same in a table of many: ".58", so that a row of 28 fits; 0 and 1 only when they are. */
export function shortValue(value, whole) {
  const exact = whole || Number.isInteger(value) || !Number.isFinite(value);
  return exact ? formatValue(value, whole) : shortened(value.toFixed(2));
}

/** Six digits, as the array has them. */
export function preciseValue(p) {
  return p !== 0 && Math.abs(p) < 1e-3 ? p.toExponential(5) : p.toPrecision(6);
}

/** Smallest and largest finite value, how many are not 0, how many are not finite. */
export function imageFacts(values) {
  const facts = { low: Infinity, high: -Infinity, ink: 0, odd: 0 };
  for (const value of values) {
    if (value !== 0) facts.ink += 1;
    if (!Number.isFinite(value)) facts.odd += 1;
    else {
      facts.low = Math.min(facts.low, value);
      facts.high = Math.max(facts.high, value);
    }
  }
  return facts.odd === values.length ? { ...facts, low: NaN, high: NaN } : facts;
}

/** Where an arrow, Home or End takes the cell, or null for another key. */
export function movedCell(key, { row, column }, { height, width }) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  if (key === "Home") return { row, column: 0 };
  if (key === "End") return { row, column: width - 1 };
  if (!(key in steps)) return null;
  const clamp = (at, size) => Math.min(size - 1, Math.max(0, at));
  return { row: clamp(row + steps[key][0], height), column: clamp(column + steps[key][1], width) };
}

// ---- several methods side by side ---------------------------------------------------------

/** What stands beside a class: "true label", and how many methods think it the most likely. */
export function marksFor(place, label, predicted, methods) {
  const marks = label === place ? ["true label"] : [];
  const by = methods.filter((_, at) => predicted[at] === place).length;
  if (by) marks.push(by === methods.length ? "predicted" : `predicted by ${by} of ${methods.length}`);
  return marks;
}

/** The sample, its label, and whether the methods agree on its class. */
export function describeAgreement(index, label, rows, names) {
  if (rows.length === 1) return describeSample(index, label, rows[0], names);
  const predicted = new Set(rows.map((row) => softmaxFacts(row).predicted));
  const [first] = predicted;
  const agreed = first === null ? "the methods give NaN" : `all methods predict ${names[first]}`;
  const said = predicted.size === 1 ? agreed : "the methods disagree";
  return `${describeSample(index, label)}, ${said}`;
}

/** The largest difference between two rows; NaN when a number is missing. */
export function largestDifference(one, other) {
  return Math.max(...Array.from(one, (p, place) => Math.abs(p - other[place])));
}
