"""Kernels and servers without work end, though pages with widgets are open."""

from __future__ import annotations

import contextlib
import time

import pytest
from class_of_two import Class
from hub_process import wait_for

pytestmark = pytest.mark.long
IDLE = 20  # seconds
WIDGETS = """
import kerasdemo as kd
digits = kd.load_digits().test
probabilities = kd.load_probabilities()[digits.indices]
display(kd.SampleChooser(digits, probabilities), kd.DigitView(digits.images[:9]),
        kd.SoftmaxView(probabilities[:3]), kd.DrawingPad())
guess = kd.predict_first("03a")
"""


def test_no_kernel_is_left_though_pages_with_widgets_are_open(two: Class) -> None:
    with two.hub("culling", IDLE_MINUTES=IDLE / 60) as hub:
        student = two.student(hub, 0)
        student.start()
        student.api("terminals", method="POST", body={})  # it keeps no server either
        with contextlib.ExitStack() as pages:
            idle = pages.enter_context(student.kernel())
            idle.run(WIDGETS)
            start = time.monotonic()
            working = pages.enter_context(
                student.kernel()
            )  # it begins at once, never idle for long
            working.send(f"import time; time.sleep({3 * IDLE})")
            # The page stays connected, and asks for kernels as JupyterLab does.
            wait_for(
                "the idle kernel is gone", lambda: len(student.kernels()) == 1, seconds=4 * IDLE
            )
            assert student.kernels() == [working.number], "a kernel at work is not ended"
            assert time.monotonic() - start > IDLE / 2
            wait_for("both are gone", lambda: not student.kernels(), seconds=6 * IDLE)
        wait_for("the terminal is gone", lambda: not student.api("terminals"), seconds=2 * IDLE)
        # Now the server itself: what only asks does not keep it, nor its process.
        server = student.api("status")
        assert server["kernels"] == 0

        def gone() -> bool:
            return student.ask(f"/user/{student.name}/api/kernels").status != 200

        wait_for("the server is gone", gone, seconds=IDLE + 180)
        wait_for("the hub knows", lambda: not student.running(), seconds=90)
        private = hub.state / "run" / student.name
        wait_for("the private folder is gone", lambda: not private.exists(), seconds=30)
