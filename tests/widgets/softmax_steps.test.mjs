// The plain functions of SoftmaxView. Run through pytest (test_softmax_view.py).
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSeries, shownClasses, softmaxSteps } from "./softmax_steps.js";

const sum = (row) => row.reduce((total, value) => total + value, 0);

test("the steps lead to the shares: exp of the largest is 1, and the shares are powers over sum", () => {
  const { columns: [logits, scaled, powers, shares], largest, sum: total } = softmaxSteps([2, -1, 4], 2, true);
  assert.deepEqual(logits, [2, -1, 4]);
  assert.deepEqual(scaled, [1, -0.5, 2]);
  assert.equal(largest, 2);
  assert.equal(powers[2], 1);
  assert.equal(powers[0], Math.exp(-1));
  assert.equal(total, sum(powers));
  assert.deepEqual(shares, powers.map((power) => power / total));
});

test("nothing overflows, and -inf has no share", () => {
  assert.deepEqual(softmaxSteps([1e38, -1e38, -Infinity], 0.01, true).shares, [1, 0, 0]);
  assert.deepEqual(softmaxSteps([5000, 5000], 1, true).shares, [0.5, 0.5]);
  assert.ok(softmaxSteps([NaN, 1], 1, true).shares.every(Number.isNaN));
  assert.ok(softmaxSteps([-Infinity, -Infinity], 1, true).shares.every(Number.isNaN));
});

test("probabilities at temperature 1 are left as they are; at another, log p are the logits", () => {
  const row = [0.8, 0.2, 0];
  assert.equal(softmaxSteps(row, 1, false).shares, row);
  const [high, low, none] = softmaxSteps(row, 2, false).shares;
  assert.ok(Math.abs(high / low - 2) < 1e-12, "the square root of 4");
  assert.equal(none, 0);
  assert.deepEqual(softmaxSteps([1.0005, -0.0005], 2, false).shares, [1, 0], "rounding below 0");
});

test("the most likely classes, by class or by probability, and what the others hold", () => {
  const row = [0.1, 0.4, 0.2, 0.3];
  assert.deepEqual(shownClasses(row, "class", null), { places: [0, 1, 2, 3], rest: 0 });
  assert.deepEqual(shownClasses(row, "probability", null).places, [1, 3, 2, 0]);
  assert.deepEqual(shownClasses(row, "class", 2).places, [1, 3]);
  assert.deepEqual(shownClasses(row, "probability", 2).places, [1, 3]);
  assert.ok(Math.abs(shownClasses(row, "class", 2).rest - 0.3) < 1e-12);
  assert.deepEqual(shownClasses([0.5, 0.5, 0], "probability", 2).places, [0, 1], "equals in order");
  assert.deepEqual(shownClasses(row, "class", 9).places, [0, 1, 2, 3]);
});

test("one sample of each method, or several samples of the first; four at most, the rest by name", () => {
  const methods = ["a", "b"];
  assert.deepEqual(chooseSeries(methods, 7, []), {
    several: false, series: [{ method: 0, at: 7 }, { method: 1, at: 7 }], methods, others: [],
  });
  assert.deepEqual(chooseSeries(methods, 7, [3]).series, [{ method: 0, at: 3 }, { method: 1, at: 3 }]);
  const many = chooseSeries(methods, 7, [9, 8, 7, 6, 5, 4]);
  assert.deepEqual(many.series.map(({ at }) => at), [9, 8, 7, 6]);
  assert.deepEqual(many.methods, ["sample 9", "sample 8", "sample 7", "sample 6"]);
  assert.deepEqual(many.others, ["sample 5", "sample 4"]);
  assert.deepEqual(chooseSeries(["a", "b", "c", "d", "e"], 0, []).others, ["e"]);
});
