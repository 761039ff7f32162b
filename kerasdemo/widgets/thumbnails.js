// Thumbnails of digits on a canvas: what the kernel sent once, drawn as the theme has it.
import { arrayFrom } from "./common.js";
import { softmaxFacts } from "./pure.js";

const PICTURE = 56;
export const TILE = { width: 72, height: 82 };

/** What the kernel sent once: pixels, labels and, where given, what was predicted. */
export function readSamples(model) {
  const count = model.get("_count");
  const classes = model.get("_classes");
  const samples = {
    count,
    height: model.get("_height"),
    width: model.get("_width"),
    pixels: arrayFrom(model, "_pixels", Uint8Array),
    labels: arrayFrom(model, "_labels", Int32Array),
  };
  samples.row = () => null;
  if (classes) {
    const rows = arrayFrom(model, "_probabilities", Float32Array);
    samples.row = (position) => rows.subarray(position * classes, (position + 1) * classes);
    const facts = Array.from({ length: count }, (_, position) => softmaxFacts(samples.row(position)));
    samples.predicted = facts.map((fact) => fact.predicted);
    samples.confidence = facts.map((fact) => fact.confidence);
  }
  return samples;
}

/** The pictures of some samples, side by side on one small canvas, to be copied from. */
export function stripOf(samples, places, colours) {
  const { height, width, pixels } = samples;
  const image = new ImageData(width * Math.max(places.length, 1), height);
  const stride = image.width * 4;
  places.forEach((position, at) => {
    let from = position * width * height;
    for (let y = 0; y < height; y += 1) {
      let to = y * stride + at * width * 4;
      for (let x = 0; x < width; x += 1, from += 1, to += 4) {
        const grey = pixels[from] * 4;
        for (let c = 0; c < 4; c += 1) image.data[to + c] = colours[grey + c];
      }
    }
  });
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(image, 0, 0);
  return canvas;
}

export function drawTile(context, colour, samples, position, { x, y, strip, at, chosen, cursor }) {
  const left = x + (TILE.width - PICTURE) / 2;
  const top = y + 5;
  if (chosen) {
    context.fillStyle = colour("--kd-soft");
    context.fillRect(x + 1, y + 1, TILE.width - 2, TILE.height - 2);
  }
  context.drawImage(strip, at * samples.width, 0, samples.width, samples.height,
    left, top, PICTURE, PICTURE);
  context.lineWidth = chosen ? 3 : 1;
  context.strokeStyle = colour(chosen ? "--kd-accent" : "--kd-line");
  const edge = chosen ? 0.5 : -0.5;
  context.strokeRect(left - edge, top - edge, PICTURE + 2 * edge, PICTURE + 2 * edge);
  if (chosen) {
    context.fillStyle = colour("--kd-accent");
    context.beginPath();
    context.arc(left + PICTURE - 4, top + 4, 9, 0, 7);
    context.fill();
    context.strokeStyle = colour("--kd-on-accent");
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(left + PICTURE - 8, top + 4);
    context.lineTo(left + PICTURE - 5, top + 7);
    context.lineTo(left + PICTURE, top + 1);
    context.stroke();
  }
  const wrong = samples.predicted && samples.predicted[position] !== samples.labels[position];
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.font = colour("--kd-caption-font");
  context.fillStyle = colour("--kd-muted");
  context.fillText(String(position), left - 3, y + TILE.height - 6);
  context.textAlign = "right";
  context.fillStyle = colour(wrong ? "--kd-bad" : "--kd-text");
  context.font = colour("--kd-caption-strong");
  const said = wrong ? `${samples.labels[position]}→${samples.predicted[position] ?? "NaN"}`
    : String(samples.labels[position]);
  context.fillText(said, left + PICTURE + 3, y + TILE.height - 6);
  if (cursor) {
    context.setLineDash([4, 2]);
    context.lineWidth = 2;
    context.strokeStyle = colour("--kd-text");
    context.strokeRect(x + 1, y + 1, TILE.width - 2, TILE.height - 2);
    context.setLineDash([]);
  }
}
