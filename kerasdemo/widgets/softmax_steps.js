// What SoftmaxView computes: plain functions over plain values, like those of pure.js.
import { ranked } from "./pure.js";

/** The steps of softmax at a temperature, each kept: exp, sum, share. The largest goes off first,
 * so that nothing overflows. Of probabilities, log p are the logits, up to a constant. */
export function softmaxSteps(row, temperature, areLogits) {
  const logits = areLogits ? row : row.map((p) => Math.log(Math.max(p, 0)));
  const most = Math.max(...logits);
  const scaled = logits.map((z) => z / temperature);
  const powers = logits.map((z) => Math.exp((z - most) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  const shares = powers.map((power) => power / sum);
  const asGiven = !areLogits && temperature === 1;
  return { logits, scaled, largest: most / temperature, powers, sum, shares: asGiven ? row : shares };
}

/** The classes that are shown, in their order, and what the others have together. */
export function shownClasses(row, order, top) {
  const places = ranked(row);
  const rest = places.splice(top ?? row.length).reduce((sum, place) => sum + row[place], 0);
  return { places: order === "class" ? places.sort((a, b) => a - b) : places, rest };
}

/** What is compared: several samples of the first method, or one sample of each; four at most. */
export function chooseSeries(methods, index, samples) {
  const each = samples.length > 1
    ? samples.map((at) => ({ name: `sample ${at}`, method: 0, at }))
    : methods.map((name, method) => ({ name, method, at: samples[0] ?? index }));
  return { series: each.slice(0, 4), others: each.slice(4).map(({ name }) => name) };
}
