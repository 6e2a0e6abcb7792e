"""The measurements, one module per section, whose `measure(bench)` returns results and goals."""
