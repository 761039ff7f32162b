// Thumbnails of digits, from what the kernel sent once.
import { arrayFrom, drawInk, h } from "./common.js";
import { sampleWords } from "./pure.js";

export const TILE = { width: 72, height: 82 }; // the stylesheet has the same

/** What the kernel sent: pixels, labels and, where given, what was predicted (-1: NaN) and how
 * sure that is. */
export function readSamples(model) {
  const [count, height, width] = ["_count", "_height", "_width"].map((name) => model.get(name));
  const predicted = arrayFrom(model, "_predicted", Int32Array);
  const measures = arrayFrom(model, "_measures", Float32Array);
  const measure = (at) => measures.subarray(at * count, (at + 1) * count);
  const samples = {
    count, height, width,
    pixels: arrayFrom(model, "_pixels", Uint8Array),
    labels: arrayFrom(model, "_labels", Int32Array),
  };
  if (!predicted.length) return samples;
  return { ...samples, predicted, confidence: measure(0), entropy: measure(1), margin: measure(2) };
}

/** "sample 38, labelled 8, predicted 8, 99.9 %" */
export const nameOf = ({ labels, predicted, confidence }, at) =>
  sampleWords(at, labels[at], predicted?.[at], confidence?.[at]);

/** One thumbnail: the picture, its position, its label, and what that was taken for. */
export function makeTile(samples, position) {
  const { height, width, pixels, labels, predicted } = samples;
  const [label, guess] = [labels[position], predicted?.[position] ?? labels[position]];
  const canvas = h("canvas", { class: "kd-ink" });
  const size = height * width;
  drawInk(canvas, width, pixels.subarray(position * size, (position + 1) * size));
  const wrong = guess !== label;
  const caption = wrong ? `${label}→${guess < 0 ? "NaN" : guess}` : label;
  return h("div", {
    class: "kd-tile", role: "option", id: `kd-${Math.random()}`, "data-kd-position": position,
    "aria-label": nameOf(samples, position),
  }, canvas, h("span", {}, position), h("strong", { class: wrong && "kd-wrong" }, caption));
}
