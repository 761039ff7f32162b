// The plain functions of the widgets. Run through pytest (test_scripts.py), which puts the scripts
// beside this file.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as choosing from "./choosing.js";
import * as pure from "./pure.js";

test("typed positions: single ones, runs, either dash, any separator, each once", () => {
  const read = (text) => choosing.parsePositions(text, 1797).positions;
  assert.deepEqual(read("5, 38, 120-123"), [5, 38, 120, 121, 122, 123]);
  assert.deepEqual(read(" 5;38  7 - 9\n"), [5, 38, 7, 8, 9]);
  assert.deepEqual(read("9–7, 8, 8"), [9, 8, 7]);
  assert.deepEqual(read(""), []);
  assert.deepEqual(read("1796"), [1796]);
});

test("typed positions: what is none is named", () => {
  const complaint = (text, count = 1797) => choosing.parsePositions(text, count).error;
  assert.match(complaint("5, x"), /^“x” is not a position\. Type positions from 0 to 1796/);
  for (const wrong of ["-3", "5-", "1.5", "1-2-3", "<b>", "1e3"]) {
    assert.match(complaint(wrong), /is not a position/, wrong);
  }
  assert.equal(complaint("1797"), "There is no position 1797. Type positions from 0 to 1796, such as 5, 38, 120-130.");
  assert.match(complaint("3-99999999999"), /There is no position 99999999999/);
  assert.equal(complaint("0", 0), "There are no digits to choose from.");
});

test("written positions are read back as they were, order and all", () => {
  assert.equal(choosing.formatPositions([5, 38, 120, 121, 122, 7, 8]), "5, 38, 120-122, 7, 8");
  assert.equal(choosing.formatPositions([]), "");
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 300; round += 1) {
    const positions = [...new Set(Array.from({ length: random(30) }, () => random(40)))];
    const text = choosing.formatPositions(positions);
    assert.deepEqual(choosing.parsePositions(text, 40).positions, positions, text);
  }
});

const samples = {
  count: 6,
  labels: [3, 8, 3, 3, 8, 1],
  predicted: [3, 3, 8, 3, 8, 1],
  measures: [
    Float32Array.of(0.9, 0.4, 0.6, 0.6, 1.0, 0.5), // confidence
    Float32Array.of(0.5, 1.9, 1.0, 1.2, 0, 1.0), // entropy
    Float32Array.of(0.8, 0.1, 0.4, 0.3, 1, 0.3), // margin
  ],
};
const sure = (...shares) => ({ ...samples, measures: [Float32Array.of(...shares)] });
const every = { digit: null, outcome: "all", confidence: [0, 1], measure: null, sign: 1 };
const shown = (filter, of = samples) => choosing.shownPositions(of, { ...every, ...filter });

test("filters: by digit, by outcome, by both", () => {
  assert.deepEqual(shown({}), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(shown({ digit: 3 }), [0, 2, 3]);
  assert.deepEqual(shown({ outcome: "wrong" }), [1, 2]);
  assert.deepEqual(shown({ outcome: "right" }), [0, 3, 4, 5]);
  assert.deepEqual(shown({ digit: 3, outcome: "wrong" }), [2]);
  assert.deepEqual(shown({ digit: 0 }), []);
});

test("filter by confidence: both ends belong to it, as they are written", () => {
  assert.deepEqual(shown({ confidence: [0.6, 0.9] }), [0, 2, 3]);
  assert.deepEqual(shown({ confidence: [0.61, 0.89] }), []);
  assert.deepEqual(shown({ confidence: [0, 0.5] }), [1, 5]);
  assert.deepEqual(shown({ confidence: [1, 1] }), [4]);
  assert.deepEqual(shown({ confidence: [0.5, 0.6], digit: 3, outcome: "right" }), [3]);
});

test("filter by confidence: rounding beyond 1 is still 1, and NaN lies nowhere", () => {
  const odd = sure(1.0000001, NaN, 0.6, 0, NaN, 0.5);
  assert.deepEqual(shown({ confidence: [0.6, 1] }, odd), [0, 2]);
  assert.deepEqual(shown({ confidence: [0, 0.5] }, odd), [3, 5]);
  assert.deepEqual(shown({ confidence: [0, 1] }, odd), [0, 1, 2, 3, 4, 5]);
});

test("a typed range of confidence: per cent, either end open, comma or point", () => {
  const read = (...texts) => choosing.parseRange(...texts).confidence;
  assert.deepEqual(read("0", "100"), [0, 1]);
  assert.deepEqual(read("50", "99.5"), [0.5, 0.995]);
  assert.deepEqual(read(" 12,5 %", "40%"), [0.125, 0.4]);
  assert.deepEqual(read("", "90"), [0, 0.9]);
  assert.deepEqual(read("90", " "), [0.9, 1]);
  assert.deepEqual(read("70", "70"), [0.7, 0.7]);
});

test("a typed range of confidence: what is none is named", () => {
  const complaint = (...texts) => choosing.parseRange(...texts).error;
  assert.equal(complaint("50", "much"), "“much” is not a confidence. Type per cent, 0 to 100.");
  for (const wrong of ["-1", "101", "1e9", "0x", "NaN", "5-6"]) {
    assert.match(complaint(wrong, "100"), /is not a confidence/, wrong);
  }
  assert.equal(complaint("90", "50"), "Nothing lies from 90 to 50 %. Type the smaller first.");
});

test("shares are written in per cent as they were typed", () => {
  const typed = ["0", "7", "57.5", "99.95", "0.001", "100"];
  for (const text of typed) assert.equal(choosing.percentOf(Number(text) / 100), text);
});

test("order: by confidence, entropy or margin; equals by position", () => {
  assert.deepEqual(shown({ measure: 0 }), [1, 5, 2, 3, 0, 4]);
  assert.deepEqual(shown({ measure: 0, sign: -1 }), [4, 0, 2, 3, 5, 1]);
  assert.deepEqual(shown({ measure: 1, sign: -1 }), [1, 3, 2, 5, 0, 4]);
  assert.deepEqual(shown({ measure: 2 }), [1, 3, 5, 2, 0, 4]);
  assert.deepEqual(shown({ measure: 2, digit: 3 }), [3, 2, 0]);
});

test("order: NaN comes last and does not shuffle the rest away", () => {
  const holes = sure(0.9, NaN, 0.6, 0.3, NaN, 0.5);
  assert.deepEqual(shown({ measure: 0 }, holes), [3, 5, 2, 0, 1, 4]);
  assert.deepEqual(shown({ measure: 0, sign: -1 }, holes), [0, 2, 5, 3, 1, 4]);
});

test("70,000 samples are sorted, every one of them", () => {
  const count = 70_000;
  const numbers = (seed) => Float32Array.from({ length: count }, (_, at) => ((at * seed) % 7919) / 7919);
  const many = {
    count, labels: numbers(3), predicted: numbers(3), measures: [numbers(31)],
  };
  const order = shown({ measure: 0 }, many);
  assert.equal(order.length, count);
  for (let at = 1; at < count; at += 1) {
    const [before, after] = [order[at - 1], order[at]];
    const gap = many.measures[0][after] - many.measures[0][before];
    assert.ok(gap > 0 || (gap === 0 && after > before));
  }
});

test("without probabilities there is no right, wrong or sure", () => {
  const plain = { count: 3, labels: [3, 8, 3] };
  const filter = { outcome: "wrong", measure: 0, confidence: [0.5, 0.6] };
  assert.deepEqual(shown(filter, plain), [0, 1, 2]);
});

test("filters in words", () => {
  const said = (filter) => choosing.describeFilter({ ...every, ...filter });
  assert.equal(said({ digit: 3, outcome: "wrong" }), "labelled 3, predicted wrong");
  assert.equal(said({ digit: 0 }), "labelled 0");
  assert.equal(said({ outcome: "right", confidence: [0, 0.575] }),
    "predicted right, confidence 0 to 57.5 %");
  assert.equal(said({}), "");
});

test("the grid: every sample has a place, and only the rows in sight are asked for", () => {
  const tile = { width: 66, height: 82 };
  const layout = choosing.gridLayout(800, tile, 70000);
  assert.deepEqual(layout, { columns: 12, height: 5834 * 82 });
  assert.equal(choosing.gridLayout(10, tile, 3).columns, 1);
  assert.deepEqual(choosing.visiblePlaces(0, 360, layout, tile, 70000), { first: 0, end: 60 });
  assert.deepEqual(choosing.visiblePlaces(83, 360, layout, tile, 70000), { first: 12, end: 72 });
  assert.equal(choosing.visiblePlaces(layout.height - 360, 360, layout, tile, 70000).end, 70000);
  assert.deepEqual(choosing.visiblePlaces(500, 360, layout, tile, 5), { first: 5, end: 5 });
});

test("keys move the cursor over the grid and never off it", () => {
  const grid = { columns: 5, pageRows: 2, count: 23 };
  const moved = (key, place) => pure.movedPlace(key, place, grid);
  assert.equal(moved("ArrowRight", 4), 5);
  assert.equal(moved("ArrowDown", 4), 9);
  assert.equal(moved("ArrowUp", 4), 4);
  assert.equal(moved("ArrowDown", 20), 20);
  assert.equal(moved("PageDown", 3), 13);
  assert.equal(moved("PageDown", 20), 22);
  assert.equal(moved("PageUp", 7), 2);
  assert.equal(moved("Home", 9), 0);
  assert.equal(moved("End", 0), 22);
  assert.equal(moved("ArrowLeft", -1), 0);
  assert.equal(moved("x", 3), null);
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown"]) {
    for (let place = 0; place < 23; place += 1) {
      const to = moved(key, place);
      assert.ok(to >= 0 && to < 23, `${key} from ${place} to ${to}`);
    }
  }
});

test("keys move the cell over an image as over a text, and never off it", () => {
  const moved = (key, place) => pure.movedPlace(key, place, { columns: 3, count: 6 });
  assert.equal(moved("ArrowDown", 1), 4);
  assert.equal(moved("ArrowDown", 4), 4);
  assert.equal(moved("ArrowLeft", 3), 2);
  assert.equal(moved("ArrowLeft", 0), 0);
  assert.equal(moved("End", 3), 5);
  assert.equal(moved("Tab", 3), null);
});

test("bars: linear is the probability, log reaches from 1e-8 to 1", () => {
  assert.equal(pure.barShare(0.25, "linear"), 0.25);
  assert.equal(pure.barShare(1, "log"), 1);
  assert.ok(Math.abs(pure.barShare(1e-4, "log") - 0.5) < 1e-12);
  for (const nothing of [0, NaN, -1, 1e-9]) assert.equal(pure.barShare(nothing, "log"), 0);
  assert.equal(pure.barShare(1.2, "linear"), 1);
});

test("marks: the label, and how many methods predict the class", () => {
  const methods = ["predict", "predict_on_batch", "predict_step"];
  assert.deepEqual(pure.marksFor(3, 3, [3, 3, 3], methods), ["true label", "predicted"]);
  assert.deepEqual(pure.marksFor(8, 3, [3, 8, 3], methods), ["predicted (1 of 3)"]);
  assert.deepEqual(pure.marksFor(1, null, [3, 8, 3], methods), []);
});

test("methods that agree and methods that do not", () => {
  const names = ["zero", "one"];
  const [low, high] = [[0.8, 0.2], [0.3, 0.7]];
  const said = (rows) => pure.describeAgreement(4, "one", rows, names);
  assert.equal(said([high]), "sample 4, labelled one, predicted one, 70.0 %");
  assert.equal(said([high, high]), "sample 4, labelled one, all methods predict one");
  assert.equal(said([high, low]), "sample 4, labelled one, the methods disagree");
  assert.equal(said([[NaN, 1], [NaN, 1]]), "sample 4, labelled one, the methods give NaN");
  assert.equal(said([high, [NaN, 1]]), "sample 4, labelled one, the methods disagree");
});

test("the largest difference, and NaN when a number is missing", () => {
  assert.equal(pure.largestDifference([0.25, 0.5], [0.5, 0.25]), 0.25);
  assert.equal(pure.largestDifference([0.5, 0.5], [0.5, 0.5]), 0);
  assert.ok(Number.isNaN(pure.largestDifference([0.5, NaN, 0], [0.5, 0.5, 0.5])));
});

test("values of an image", () => {
  const written = [0, 1, 0.123, 0.001, -0.002, NaN, Infinity].map((v) => pure.formatValue(v, false));
  assert.deepEqual(written, ["0", "1", "0.12", "1e-3", "-2e-3", "NaN", "Infinity"]);
  assert.equal(pure.formatValue(135, true), "135");
  const short = [0, 1, 0.123, 0.001, -0.5, 0.999, 2.5, NaN].map((v) => pure.shortValue(v, false));
  assert.deepEqual(short, ["0", "1", ".12", ".00", "-.50", "1.", "2.50", "NaN"]);
  const precise = [0.5, 8.24766e-6, 0, NaN].map(pure.preciseValue);
  assert.deepEqual(precise, ["0.500000", "8.24766e-6", "0.00000", "NaN"]);
  assert.deepEqual(pure.imageFacts([0, 0.5, NaN, -1]), { low: -1, high: 0.5, ink: 3, odd: 1 });
  assert.ok(Number.isNaN(pure.imageFacts([NaN]).low));
});
