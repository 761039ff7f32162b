// The shipped classifier in plain JavaScript. What stands around this (the widgets' own framing,
// LAYERS and WEIGHTS) comes from tools/website/classifier.py.

/** Half precision, as a typed array of 16 bits holds it, in single precision. */
function fromHalves(halves) {
  return Float32Array.from(halves, (half) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    return half & 0x8000 ? -size : size;
  });
}

const relu = (values) => values.map((value) => Math.max(value, 0));

function softmax(values) {
  const most = Math.max(...values);
  const parts = values.map((value) => Math.exp(value - most));
  const sum = parts.reduce((all, part) => all + part, 0);
  return parts.map((part) => part / sum);
}

const ACTIVATIONS = { relu, softmax, linear: (values) => values };

/** A convolution without padding, step 1; images lie row by row, pixel by pixel. */
function convolve({ shape: [rows, columns, depth], values }, [height, width, , filters], kernel, bias) {
  const [down, across] = [rows - height + 1, columns - width + 1];
  const made = new Float32Array(down * across * filters);
  for (let row = 0; row < down; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const place = (row * across + column) * filters;
      made.set(bias, place);
      for (let y = 0; y < height; y += 1) {
        const start = ((row + y) * columns + column) * depth;
        for (let at = 0; at < width * depth; at += 1) {
          const value = values[start + at];
          if (!value) continue;
          const weights = (y * width * depth + at) * filters;
          for (let filter = 0; filter < filters; filter += 1) {
            made[place + filter] += value * kernel[weights + filter];
          }
        }
      }
    }
  }
  return { shape: [down, across, filters], values: made };
}

/** The largest of each square, as far as whole squares go. */
function pool({ shape: [rows, columns, depth], values }, size) {
  const [down, across] = [rows, columns].map((side) => Math.floor(side / size));
  const made = new Float32Array(down * across * depth).fill(-Infinity);
  for (let row = 0; row < down * size; row += 1) {
    for (let column = 0; column < across * size; column += 1) {
      const from = (row * columns + column) * depth;
      const to = (Math.floor(row / size) * across + Math.floor(column / size)) * depth;
      for (let at = 0; at < depth; at += 1) made[to + at] = Math.max(made[to + at], values[from + at]);
    }
  }
  return { shape: [down, across, depth], values: made };
}

function multiply({ values }, [inputs, outputs], kernel, bias) {
  const made = Float32Array.from(bias);
  for (let input = 0; input < inputs; input += 1) {
    if (!values[input]) continue;
    for (let at = 0; at < outputs; at += 1) made[at] += values[input] * kernel[input * outputs + at];
  }
  return { shape: [outputs], values: made };
}

/** Ten probabilities for one image, 784 numbers from 0 to 1. */
function classify(image, layers, weights) {
  let place = 0;
  const take = (count) => weights.subarray(place, (place += count));
  let state = { shape: [28, 28, 1], values: Float32Array.from(image) };
  for (const { kind, shape, size, activation } of layers) {
    if (kind === "pool") state = pool(state, size);
    else {
      const kernel = take(shape.reduce((all, side) => all * side, 1));
      const apply = kind === "convolve" ? convolve : multiply;
      state = apply(state, shape, kernel, take(shape.at(-1)));
      state.values = ACTIVATIONS[activation](state.values);
    }
  }
  return [...state.values];
}
