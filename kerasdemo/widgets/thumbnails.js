// Thumbnails of digits, from what the kernel sent once.
import { arrayFrom, drawInk, h } from "./common.js";
import { sampleWords } from "./pure.js";

export const TILE = { width: 72, height: 82 }; // the stylesheet has the same

/** What the kernel sent: pixels, labels and, where given, what was predicted (-1: NaN) with its
 * measures: confidence, entropy, margin. */
export function readSamples(model) {
  const [count, height, width] = ["_count", "_height", "_width"].map((name) => model.get(name));
  const predicted = arrayFrom(model, "_predicted", Int32Array);
  const measures = arrayFrom(model, "_measures", Float32Array);
  const samples = {
    count, height, width,
    pixels: arrayFrom(model, "_pixels", Uint8Array),
    labels: arrayFrom(model, "_labels", Int32Array),
  };
  if (!predicted.length) return samples;
  return { ...samples, predicted, measures: [0, 1, 2].map((at) => measures.subarray(at * count, (at + 1) * count)) };
}

export const nameOf = ({ labels, predicted, measures }, at) =>
  sampleWords(at, labels[at], predicted?.[at], measures?.[0][at]);

/** One thumbnail: the picture, its position, its label, and what that was taken for. The stylesheet
 * writes the last two, which its name says in whole words. */
export function makeTile(samples, position) {
  const { height, width, pixels, labels, predicted } = samples;
  const [label, guess] = [labels[position], predicted?.[position] ?? labels[position]];
  const canvas = h("canvas");
  const size = height * width; // hundreds of canvases would slow down each frame
  drawInk(canvas, width, pixels.subarray(position * size, (position + 1) * size));
  const wrong = guess !== label;
  const caption = wrong ? `${label}→${guess < 0 ? "NaN" : guess}` : label;
  return h("div", {
    class: "kd-tile", role: "option", id: `kd-${Math.random()}`, "data-kd-position": position,
    "aria-label": nameOf(samples, position),
  }, h("img", { class: "kd-ink", alt: "", decoding: "sync", src: canvas.toDataURL() }),
  h("span", { "data-kd-text": position }),
  h("strong", { "data-kd-text": caption, class: wrong && "kd-wrong" }));
}
