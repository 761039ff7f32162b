// What SampleChooser computes: plain functions over plain values, like those of pure.js.

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

/** What the menu of digits offers: all, and each label with how many have it. */
export function optionsFor(labels) {
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const digits = [...counts].sort((a, b) => a[0] - b[0]);
  return [["", "all"], ...digits.map(([digit, n]) => [String(digit), `${digit}  (${n})`])];
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
