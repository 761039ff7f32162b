"""The whole sweep in one call: what it measures, what a stop leaves, what it refuses."""

import keras
import numpy as np
import pytest
import small_models as models

import kerasdemo as kd
from kerasdemo.widgets import LiveTimings

IMAGES = models.images(8)


class Machine:
    """A clock that moves only when a call of known length runs."""

    def __init__(self):
        self.now = 0.0
        self.sizes = []

    def call(self, fixed, each, stop_at=None):
        """Return a call that lasts `fixed` seconds and `each` for every sample."""

        def run(batch):
            if len(batch) == stop_at:
                raise KeyboardInterrupt
            self.sizes.append(len(batch))
            self.now += fixed + each * len(batch)

        return run


@pytest.fixture
def machine():
    return Machine()


def timed(machine, call, **options):
    how = {"methods": (), "sizes": [1, 4, 16], "rounds": 3, "calls": {"job": call}}
    return kd.time_methods(None, np.zeros((5, 2)), clock=lambda: machine.now, **how | options)


def test_latency_and_throughput_are_those_of_the_machine(machine):
    times = timed(machine, machine.call(0.5, 0.25))
    assert times.latency["job"] == pytest.approx({1: 0.75, 4: 1.5, 16: 4.5})
    assert times.throughput["job"] == pytest.approx({1: 1 / 0.75, 4: 4 / 1.5, 16: 16 / 4.5})
    assert times.missing == ()
    assert "Interrupted" not in repr(times)


def test_the_first_call_is_apart(machine):
    late = {"first": 9.0}

    def call(batch):
        machine.now += 1.0 + late.pop("first", 0.0)

    times = timed(machine, call)
    assert (times[1].first["job"], times[1].median["job"]) == (10.0, 1.0)
    assert times[4].first["job"] == 1.0
    assert times.table.rows[-1].cells == ("10000",)


def test_an_interrupt_keeps_what_was_measured_and_says_so(machine):
    times = timed(machine, machine.call(0.5, 0.25, stop_at=4))
    assert list(times) == [1]
    assert times.missing == (4, 16)
    assert "Interrupted: batches of 4 and 16 were not measured." in repr(times)
    assert "batches of 4 and 16" in times._repr_html_()


def test_an_interrupt_before_the_first_size_is_passed_on(machine):
    with pytest.raises(KeyboardInterrupt):
        timed(machine, machine.call(0.5, 0.25, stop_at=1))


def test_what_a_call_raises_is_passed_on(machine):
    def call(batch):
        raise MemoryError("too large")

    with pytest.raises(MemoryError, match="too large"):
        timed(machine, call)


def test_the_widget_and_the_function_give_the_same(machine):
    by_code = timed(machine, machine.call(0.5, 0.25))
    calls = {"job": machine.call(0.5, 0.25)}
    live = LiveTimings(
        images=np.zeros((5, 2)), methods=(), batch_sizes=[1, 4, 16], rounds=3, calls=calls
    )
    live._sweep.clock = lambda: machine.now
    by_widget = live.run()
    assert type(by_code) is type(by_widget) is kd.BatchTimings
    assert by_code.as_dict().keys() == by_widget.as_dict().keys()
    assert by_code.latency["job"] == pytest.approx(by_widget.latency["job"])


def test_methods_of_a_model_are_timed_and_the_model_is_as_it_was():
    model = models.functional()
    model.predict(IMAGES, verbose=0)
    mine, weights = model.predict_function, model.get_weights()
    times = kd.time_methods(model, IMAGES, sizes=[1, 4], methods=kd.METHODS, rounds=3)
    assert model.predict_function is mine
    assert all(map(np.array_equal, model.get_weights(), weights))
    assert list(times.latency) == list(kd.METHODS)
    assert times[1].median["predict"] > times[1].median["predict_on_batch"]


def test_the_model_is_as_it_was_when_a_call_raises():
    model = models.functional()
    mine = model.predict_function = object()

    def fails(batch):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        kd.time_methods(model, IMAGES, sizes=[1], methods=["call"], calls={"mine": fails})
    assert model.predict_function is mine


def test_without_images_the_digits_are_taken_and_tiled():
    seen = []
    kd.time_methods(
        keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()]),
        sizes=[3, 2000],
        methods=["call"],
        rounds=1,
        calls={"look": seen.append},
    )
    digits = kd.load_digits().images
    assert np.array_equal(seen[0], digits[:3])
    assert seen[-1].shape == (2000, 28, 28, 1)
    assert np.array_equal(seen[-1][1797:], digits[:203])


def test_a_model_that_takes_no_digits_asks_for_samples():
    with pytest.raises(ValueError, match=r"No images were given.*Give samples that fit"):
        kd.time_methods(models.functional(), sizes=[1])
    with pytest.raises(ValueError, match=r"^images have shape \(3, 5\)"):
        kd.time_methods(models.functional(), np.zeros((3, 5)), sizes=[1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sizes": [0, 4]}, "^sizes holds 0. Expected whole numbers above 0"),
        ({"sizes": []}, "^sizes is empty"),
        ({"sizes": [1.5]}, "sizes holds 1.5"),
        ({"methods": ["predict_batch"]}, "Did you mean 'predict_on_batch'"),
        ({"methods": []}, "nothing to time"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_mistakes_are_named(options, says):
    with pytest.raises(ValueError, match=says):
        kd.time_methods(models.functional(), IMAGES, **options)
