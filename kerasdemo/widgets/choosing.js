// What SampleChooser computes: plain functions over plain values.

/** Positions in "5, 38, 120-130": `{positions}`, each once in the order typed, or `{error}`. */
export function parsePositions(text, count) {
  const positions = new Set();
  if (!count && text.trim()) return { error: "There are no digits to choose from." };
  const wish = `Type positions from 0 to ${count - 1}, such as 5, 38, 120-130.`;
  for (const part of text.replace(/\s*[-–]\s*/g, "-").split(/[,;\s]+/)) {
    if (!part) continue;
    if (!/^\d+(-\d+)?$/.test(part)) return { error: `“${part}” is not a position. ${wish}` };
    const [from, to = from] = part.split("-").map(Number);
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
    parts.push(last > first ? `${positions[first]}-${positions[last]}` : positions[first]);
    first = last + 1;
  }
  return parts.join(", ");
}

export const percentOf = (share) => String(Number((share * 100).toPrecision(8)));

/** Two numbers in per cent: `{confidence}` as two shares, or `{error}`. Nothing typed is no bound. */
export function parseRange(...texts) {
  const read = (text, at) => (text ? Number(text.replace(",", ".").replace(/\s*%$/, "")) : at * 100);
  const numbers = texts.map((text) => text.trim()).map(read);
  const odd = numbers.findIndex((number) => !(number >= 0 && number <= 100));
  if (odd >= 0) return { error: `“${texts[odd]}” is not a confidence. Type per cent, 0 to 100.` };
  const [low, high] = numbers;
  if (low > high) return { error: `Nothing lies from ${low} to ${high} %. Type the smaller first.` };
  return { confidence: [low / 100, high / 100] };
}

/** Positions that pass the filters, sorted by a measure or (null) not; equals stay in position
 * order, and NaN comes last. */
export function shownPositions(samples, { digit, outcome, confidence, measure, sign }) {
  const { labels, predicted, measures } = samples;
  const [low, high] = confidence.map(Math.fround); // as the samples have it
  const within = (share) => (low <= 0 || share >= low) && (high >= 1 || share <= high);
  const passes = (at) => (digit === null || labels[at] === digit) && (!predicted
    || ((outcome === "all" || (predicted[at] === labels[at]) === (outcome === "right"))
      && within(measures[0][at])));
  const shown = [...labels.keys()].filter(passes);
  if (!predicted || measure === null) return shown;
  const keys = measures[measure].map((value) => (Number.isNaN(value) ? Infinity : sign * value));
  return shown.sort((a, b) => keys[a] - keys[b]);
}

/** The filters in words, "labelled 3, predicted wrong, confidence 50 to 90 %"; "" without any. */
export function describeFilter({ digit, outcome, confidence: [low, high] }) {
  const parts = [];
  if (digit !== null) parts.push(`labelled ${digit}`);
  if (outcome !== "all") parts.push(`predicted ${outcome}`);
  if (low > 0 || high < 1) parts.push(`confidence ${percentOf(low)} to ${percentOf(high)} %`);
  return parts.join(", ");
}

export function gridLayout(width, tile, count) {
  const columns = Math.max(1, Math.floor(width / tile.width));
  return { columns, height: Math.ceil(count / columns) * tile.height };
}

/** First and last-but-one place of the tiles that a window onto the grid can see. */
export function visiblePlaces(top, height, { columns }, tile, count) {
  const end = Math.min(count, Math.ceil((top + height) / tile.height) * columns);
  return { first: Math.min(end, Math.max(0, Math.floor(top / tile.height)) * columns), end };
}
