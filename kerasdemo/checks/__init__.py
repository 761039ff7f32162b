"""The checks that `kerasdemo.doctor` runs: each is a function that returns a `Finding`."""
