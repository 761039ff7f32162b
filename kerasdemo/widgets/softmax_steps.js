// What SoftmaxView computes: plain functions over plain values.
import { ranked } from "./pure.js";

/** The steps of softmax at temperature T. The largest logit goes off first, so that nothing
 * overflows. Of probabilities, log p are the logits, up to a constant. */
export function softmaxSteps(row, T, areLogits) {
  const logits = areLogits ? row : row.map((p) => Math.log(Math.max(p, 0)));
  const most = Math.max(...logits);
  const scaled = logits.map((z) => z / T);
  const powers = logits.map((z) => Math.exp((z - most) / T));
  const sum = powers.reduce((total, power) => total + power, 0);
  const shares = areLogits || T !== 1 ? powers.map((power) => power / sum) : row;
  return { columns: [logits, scaled, powers, shares], largest: most / T, sum, shares };
}

export function shownClasses(row, order, top) {
  const places = ranked(row);
  const rest = places.splice(top ?? row.length).reduce((sum, place) => sum + row[place], 0);
  return { places: order === "class" ? places.sort((a, b) => a - b) : places, rest };
}

/** What is compared: several samples of the first method, or one sample of each; four at most. */
export function chooseSeries(methods, index, samples) {
  const several = samples.length > 1;
  const series = several ? samples.map((at) => ({ method: 0, at }))
    : methods.map((_, method) => ({ method, at: samples[0] ?? index }));
  const names = several ? samples.map((at) => `sample ${at}`) : methods;
  return { several, series: series.slice(0, 4), methods: names.slice(0, 4), others: names.slice(4) };
}
