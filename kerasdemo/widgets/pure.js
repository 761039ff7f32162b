// What the widgets compute: plain functions over plain values.
// Joined with the other scripts for the browser; `node --test` imports it as it is.

function format(p, digits, unit, end) {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0 || p === 1) return `${p * unit}${end}`;
  const [most, step] = [unit * 10 ** digits, 10 ** -digits];
  const steps = Math.floor(p * most + 0.5);
  const inside = p > 0 && p < 1;
  if (inside && steps === 0) return `< ${step.toFixed(digits)}${end}`;
  if (inside && steps === most) return `> ${(unit - step).toFixed(digits)}${end}`;
  return `${(steps / 10 ** digits).toFixed(digits)}${end}`;
}

/** Three decimals, and never rounded to certainty. */
export const formatProbability = (p) => format(p, 3, 1, "");
export const formatPercent = (p) => format(p, 1, 100, " %");
export const ranked = (row) => [...row.keys()].sort((a, b) => row[b] - row[a] || a - b);

/** Ranked classes, sum, margin (first minus second) and entropy in bits; NaN stays NaN. */
export function softmaxFacts(row) {
  const order = ranked(row);
  let [sum, entropy] = [0, 0];
  for (const p of row) {
    sum += p;
    if (!(p <= 0)) entropy -= p * Math.log2(p);
  }
  const margin = row.length > 1 ? row[order[0]] - row[order[1]] : row[0];
  if (Number.isNaN(sum)) {
    return { order, sum, margin: NaN, entropy: NaN, predicted: null, confidence: NaN };
  }
  return { order, sum, margin, entropy: entropy + 0, predicted: order[0], confidence: row[order[0]] };
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

/** "sample 38, labelled 8, predicted 8, 99.9 %"; predicted null or -1 is NaN. */
export function sampleWords(index, label, predicted, confidence, names) {
  const parts = [`sample ${index}`];
  if ((label ?? null) !== null) parts.push(`labelled ${label}`);
  if (predicted === null || predicted < 0) parts.push("predicted NaN");
  else if (predicted !== undefined) {
    parts.push(`predicted ${names?.[predicted] ?? predicted}`, formatPercent(confidence));
  }
  return parts.join(", ");
}

/** Length of a bar, 0..1: the probability itself, or its place between 1e-8 and 1. */
export function barShare(p, scale) {
  if (!(p > 0)) return 0;
  if (scale !== "log") return Math.min(p, 1);
  return Math.max(0, Math.min(1, 1 + Math.log10(p) / 8));
}

/** Whole numbers as they are; others with two decimals, and tiny ones never as 0.00. */
export function formatValue(value, whole) {
  if (whole || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return Math.abs(value) < 0.005 ? value.toExponential(0) : value.toFixed(2);
}

/** The same in a table of many: ".58", so that a row of 28 fits; 0 and 1 only when they are. */
export function shortValue(value, whole) {
  const text = formatValue(value, whole);
  if (!/[.e]/.test(text)) return text;
  return value.toFixed(2).replace(/^(-?)0\./, "$1.").replace(/^(-?1\.)00$/, "$1");
}

export const preciseValue = (p) =>
  (p !== 0 && Math.abs(p) < 1e-3 ? p.toExponential(5) : p.toPrecision(6));

export function imageFacts(values) {
  const finite = values.filter(Number.isFinite);
  const most = (pick) => (finite.length ? finite.reduce((a, b) => pick(a, b)) : NaN);
  const ink = values.filter((value) => value !== 0).length;
  return { low: most(Math.min), high: most(Math.max), ink, odd: values.length - finite.length };
}

/** Where a key leads among places in rows; null for other keys. */
export function movedPlace(key, place, { columns, pageRows, count }) {
  const page = columns * pageRows;
  const wished = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place - columns,
    ArrowDown: place + columns,
    PageUp: Math.max(place - page, place % columns),
    PageDown: Math.min(place + page, count - 1),
    Home: 0,
    End: count - 1,
  }[key];
  if (wished === undefined) return null;
  if (place < 0 && key !== "End") return 0;
  return wished >= 0 && wished < count ? wished : place;
}

/** Which hue each series has, as `places` of view/palette.py says: a method has its own. */
const HUES = ["predict", "predict_on_batch", "predict_step", "call", "compiled"];
export function huesOf(names) {
  const every = [...HUES.keys()];
  const left = every.filter((hue) => !names.includes(HUES[hue]));
  const free = left.length ? left : every;
  let used = 0;
  const own = (name) => HUES.indexOf(name);
  return names.map((name) => (own(name) < 0 ? free[used++ % free.length] : own(name)));
}

/** What stands beside a class: "true label", and how many methods think it the most likely. */
export function marksFor(place, label, predicted, methods) {
  const marks = label === place ? ["true label"] : [];
  const by = methods.filter((_, at) => predicted[at] === place).length;
  if (by) marks.push(by === methods.length ? "predicted" : `predicted (${by} of ${methods.length})`);
  return marks;
}

/** The sample, its label, and whether the methods agree on its class. */
export function describeAgreement(index, label, rows, names) {
  const facts = rows.map(softmaxFacts);
  const [{ predicted, confidence }] = facts;
  if (rows.length === 1) return sampleWords(index, label, predicted, confidence, names);
  const agreed = predicted === null ? "the methods give NaN" : `all methods predict ${names[predicted]}`;
  const same = facts.every((fact) => fact.predicted === predicted);
  return `${sampleWords(index, label)}, ${same ? agreed : "the methods disagree"}`;
}

export function largestDifference(one, other) {
  return Math.max(...Array.from(one, (p, place) => Math.abs(p - other[place])));
}
