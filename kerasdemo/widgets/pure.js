// What the widgets compute: plain functions over plain values. No page, no model, no state.
// Python joins this file, common.js and one widget's file into the module that the browser gets;
// `node --test` imports it as it is.

// ---- numbers that people type -------------------------------------------------------------

/** Positions in "5, 38, 120-130": `{positions}`, each once in the order typed, or `{error}`. */
export function parsePositions(text, count) {
  const positions = new Set();
  if (!count && text.trim()) return { error: "There are no digits to choose from." };
  const wish = `Type positions from 0 to ${count - 1}, such as 5, 38, 120-130.`;
  for (const part of text.replace(/\s*[-–]\s*/g, "-").split(/[,;\s]+/)) {
    if (!part) continue;
    const found = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!found) return { error: `“${part}” is not a position. ${wish}` };
    const from = Number(found[1]);
    const to = found[2] === undefined ? from : Number(found[2]);
    const beyond = [from, to].find((position) => position >= count);
    if (beyond !== undefined) return { error: `There is no position ${beyond}. ${wish}` };
    const step = from <= to ? 1 : -1;
    for (let position = from; position !== to + step; position += step) positions.add(position);
  }
  return { positions: [...positions] };
}

/** The text that `parsePositions` reads back: runs of three or more become "120-130". */
export function formatPositions(positions) {
  const parts = [];
  for (let first = 0; first < positions.length; ) {
    let last = first;
    while (positions[last + 1] === positions[last] + 1) last += 1;
    if (last - first < 2) last = first;
    parts.push(last > first ? `${positions[first]}-${positions[last]}` : `${positions[first]}`);
    first = last + 1;
  }
  return parts.join(", ");
}

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

// ---- which samples are shown, and in which order ------------------------------------------

/** Positions that pass the filters, in the order asked for; equals stay in position order,
 * and NaN comes last. */
export function shownPositions(samples, { digit, outcome, order }) {
  const { count, labels, predicted, confidence } = samples;
  const shown = [];
  for (let position = 0; position < count; position += 1) {
    if (digit !== null && digit !== undefined && labels[position] !== digit) continue;
    if (predicted && outcome !== "all") {
      if ((predicted[position] === labels[position]) !== (outcome === "right")) continue;
    }
    shown.push(position);
  }
  if (confidence && order !== "position") {
    const sign = order === "surest" ? -1 : 1;
    const missing = (position) => Number(Number.isNaN(confidence[position]));
    shown.sort((a, b) => missing(a) - missing(b)
      || sign * (confidence[a] - confidence[b]) || a - b);
  }
  return shown;
}

/** The filters in words: "labelled 3, predicted wrong". */
export function describeFilter({ digit, outcome }) {
  const parts = [];
  if (digit !== null && digit !== undefined) parts.push(`labelled ${digit}`);
  if (outcome !== "all") parts.push(`predicted ${outcome}`);
  return parts.join(", ");
}

// ---- a grid of which only the visible part is drawn ----------------------------------------

/** Columns, rows, height and left edge of a grid of `count` tiles, centred in a given width. */
export function gridLayout(width, tile, count) {
  const columns = Math.max(1, Math.floor(width / tile.width));
  const rows = Math.ceil(count / columns);
  const left = Math.max(0, Math.floor((width - columns * tile.width) / 2));
  return { columns, rows, left, height: rows * tile.height };
}

/** First and last-but-one place of the tiles that a window onto the grid can see. */
export function visiblePlaces(top, height, layout, tile, count) {
  const first = Math.max(0, Math.floor(top / tile.height)) * layout.columns;
  const end = Math.min(count, Math.ceil((top + height) / tile.height) * layout.columns);
  return { first: Math.min(first, end), end };
}

/** Where a key takes the cursor, or null when the key does not move it. */
export function movedPlace(key, place, { columns, pageRows, count }) {
  const steps = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * pageRows,
    PageDown: columns * pageRows,
  };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (!(key in steps)) return null;
  if (place < 0) return 0;
  const wished = place + steps[key];
  if (key === "PageUp" && wished < 0) return place % columns;
  if (key === "PageDown" && wished >= count) return count - 1;
  return wished >= 0 && wished < count ? wished : place;
}

// ---- the values of an image ---------------------------------------------------------------

/** Whole numbers as they are; others with two decimals, and tiny ones never as 0.00. */
export function formatValue(value, whole) {
  if (Number.isNaN(value)) return "NaN";
  if (whole || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 0.005) return value.toExponential(0);
  return value.toFixed(2);
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
