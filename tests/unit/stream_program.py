"""Predict 400 numbers into a file, slowly; what test_streaming_store.py kills."""

import sys
import time

from kerasdemo._backend import import_keras, import_tensorflow

tf, keras = import_tensorflow(), import_keras()


class Power(keras.Model):
    """Answers [x, x**2] to x."""

    def call(self, x):
        return tf.concat([x, x**2], axis=-1)


if __name__ == "__main__":
    import numpy as np

    import kerasdemo as kd

    rows = np.arange(400, dtype=np.float32)[:, None]
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(4)
    stop = int(sys.argv[2])
    answers = kd.predict_stream(Power(), dataset, out=sys.argv[1], resume=True)
    for number, batch in enumerate(answers, 1):
        print(int(batch[0, 0]), flush=True)
        time.sleep(0.02)
        if stop and number == stop + 20:
            time.sleep(600)  # who kills it may be late
