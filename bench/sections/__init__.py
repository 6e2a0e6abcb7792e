"""What is measured, a module a section; `measure(bench)` answers results and goals."""
