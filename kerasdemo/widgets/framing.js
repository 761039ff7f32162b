// The page's draw_strokes (handwriting/pen.py) and frame_digit (preprocess.py), which say what is done.

export const [SHEET, SIZE] = [280, 28]; // sides of the ink and of the image, pixels
const [BOX, FAINTEST] = [20, 1 / 255];

const limit = (value, low, high) => Math.min(Math.max(value, low), high);

function inkLine(ink, [x, y], [endX, endY], reach) {
  const [dx, dy] = [endX - x, endY - y];
  const square = dx * dx + dy * dy || 1;
  const near = (one, other, visit) => {
    const last = Math.min(Math.max(one, other) + reach, SHEET);
    for (let at = Math.max(Math.floor(Math.min(one, other) - reach), 0); at < last; at += 1) visit(at);
  };
  near(y, endY, (row) => near(x, endX, (column) => {
    const [across, down] = [column + 0.5 - x, row + 0.5 - y];
    const along = limit((across * dx + down * dy) / square, 0, 1);
    const away = Math.sqrt((across - along * dx) ** 2 + (down - along * dy) ** 2);
    ink[row][column] = Math.max(ink[row][column], limit(reach - away, 0, 1));
  }));
}

export function drawStrokes(strokes) {
  const ink = Array.from({ length: SHEET }, () => Array(SHEET).fill(0));
  for (const { width, points } of strokes) {
    points.forEach((end, at) => inkLine(ink, points[at && at - 1], end, (width + 1) / 2));
  }
  return ink;
}

const total = (values) => values.reduce((sum, value) => sum + value, 0);
const turn = (lines) => (lines[0] ?? []).map((_, at) => lines.map((line) => line[at]));
const forBoth = (change, rows) => turn(change(turn(change(rows)))); // rows, then columns

function crop(lines) {
  const inked = lines.map((line) => line.some(Boolean));
  return lines.slice(inked.indexOf(true), inked.lastIndexOf(true) + 1);
}

function scaleAndCentre(lines, longest) {
  const length = Math.floor((lines.length * BOX) / longest + 0.5) || 1;
  const span = lines.length / length; // of old lines, for a new one
  const small = Array.from({ length }, (_, at) => {
    const parts = lines
      .map((line, old) => [line, Math.min((at + 1) * span, old + 1) - Math.max(at * span, old)])
      .filter(([, share]) => share > 0);
    return lines[0].map((_, place) => total(parts.map(([line, share]) => line[place] * share)) / span);
  });
  const mass = small.map(total);
  const middle = total(mass.map((value, at) => value * at)) / total(mass);
  const start = Math.floor(SIZE / 2 - Math.round(middle * 1e6) / 1e6);
  const above = limit(start, 0, SIZE - length);
  return Array.from({ length: SIZE }, (_, at) => small[at - above] ?? lines[0].map(() => 0));
}

export function frameDigit(ink) {
  const seen = forBoth(crop, ink.map((line) => line.map((value) => (value < FAINTEST ? 0 : value))));
  if (!seen.length) return Array(SIZE * SIZE).fill(0);
  const longest = Math.max(seen.length, seen[0].length);
  return forBoth((lines) => scaleAndCentre(lines, longest), seen).flat();
}
