"""Folds the stacks of `perf script -F comm,ip,sym,dso` by module, into a flame graph and a table of each part's share.

Inlined functions count as the function that contains them, those of std and libc as their caller. Compiled components
have no unwind tables: they are drawn where most of the calls into wasmtime come from."""

import html
import re
from collections import Counter
from itertools import groupby

# The outermost module of a connection's work. The frames outside of it are the same for all stacks, and missing where a
# stack was too deep to be recorded in full.
ROOT = "hyper"
# Modules by the beginning of a symbol; the first match counts. Without a match the module is the crate.
MODULES = [("tokio", "tokio|mio|socket2"), ("hyper", "hyper|http|itoa|atomic_waker|want"), ("serde_json", "serde|ryu"),
           ("axum, tower", "axum|tower|futures|matchit|pin_project"), ("tracing", "tracing")]
# The parts of the table: a part has the frames of its modules and of their callees, up to those of another part.
PARTS = {
    "kernel: system calls, network, scheduling": r"kernel",
    "tokio, hyper: connections, HTTP": r"tokio|hyper|bytes",
    "axum, tower, canopy_web, canopy::http: pipeline, handlers": r"axum, tower|canopy_web|canopy::(http|app|models)",
    "JSON into a row": r"canopy_rows|serde_json",
    "wasmtime, canopy_runtime: call of the component": r"wasmtime\w*|canopy_runtime|canopy_pool|cranelift\w*",
    "component: the forest": r"component",
    "metrics": r"prometheus|canopy::metrics|canopy_telemetry::metrics",
    "live window": r"canopy::monitoring",
    "log, traces": r"tracing|opentelemetry\w*|canopy_telemetry",
}
COLOURS = ["#9aa5b1", "#7aa6d8", "#8cc5e8", "#f2c14e", "#c39bd3", "#e4572e", "#76b041", "#a3c76d", "#d9b38c", "#dddddd"]


def module(symbol, dso):
    """The module of a frame; None for the standard library."""
    if "kernel" in dso:
        call = re.match(r"(?:__x64_sys|__sys|ksys|do)_(writev|readv|read|write|send|recv|epoll|futex)", symbol)
        return f"kernel: {call[1]}" if call else "kernel"
    if "/perf-" in dso or "//anon" in dso:
        return "component"
    # The context of a request, into which its handler is inlined.
    if "tokio::task::task_local::TaskLocalFuture<" in symbol:
        return "canopy_web"
    # The trait of a type parameter counts to the trait's crate, the drop of a value to that of its type.
    outer = re.match(r"<&?(?:mut )?[A-Z]\w* as (.*)|core::ptr::drop_in_place<(.*)", symbol)
    path = re.match(r"[<&(\[]*(?:mut |dyn )*([\w:]*)", outer[1] or outer[2] if outer else symbol)[1].split("::")
    # Without a path it is a function of libc or a method of a primitive type.
    if len(path) < 2 or path[0] in ("std", "core", "alloc", "hashbrown", "__rustc") or "/lib" in dso or "vdso" in dso:
        return None
    if path[0].startswith("canopy"):
        return "::".join(name for name in path[:3] if name[:1].islower())
    return next((name for name, pattern in MODULES if re.match(pattern, path[0])), path[0])


def fold(script):
    """Counts stacks of modules, outermost first."""
    stacks = Counter()
    for sample in script.split("\n\n"):
        frames = [re.match(r"\s*[0-9a-f]+ (.*?) \((.*)\)$", line) for line in sample.strip().split("\n")[1:]]
        frames = [frame.groups() for frame in frames if frame][::-1]
        names = [name for frame in frames if (name := module(*frame))]
        names = names[names.index(ROOT) if ROOT in names else 0:]
        kernel = {name for name in names if name.startswith("kernel")}
        # Of the frames in the kernel only the name of the system call is kept.
        names = [name for name, _ in groupby(names, key=lambda name: max(kernel, key=len) if name in kernel else name)]
        stacks[tuple(names) or ("std",)] += 1
    calls = Counter()
    for stack, count in stacks.items():
        if "wasmtime" in stack:
            calls[stack[:stack.index("wasmtime") + 1]] += count
    caller = calls.most_common(1)[0][0] if calls else ()
    return Counter({(caller if stack[0] == "component" else ()) + stack: count for stack, count in stacks.items()})


def part(name):
    return next((index for index, pattern in enumerate(PARTS.values()) if re.match(rf"({pattern})\b", name)), len(PARTS))


def table(stacks, microseconds):
    """Each part's share of the processor time of a request, which takes this number of microseconds."""
    total, shares = sum(stacks.values()), Counter()
    for stack, count in stacks.items():
        known = [part(name) for name in stack if part(name) < len(PARTS)]
        shares[known[-1] if known else len(PARTS)] += count
    names = enumerate([*PARTS, "rest"])
    parts = [(name, shares[index] / total) for index, name in names]
    lines = [f"| {name} | {share:.1%} | {share * microseconds:.2f} |" for name, share in parts]
    return "\n".join(["| Part | Share of the processor time | µs per request |", "|---|--:|--:|", *lines])


def draw(stacks, width=1200, height=18):
    total, boxes, depth = sum(stacks.values()), [], 1 + max(map(len, stacks))

    def box(name, level, start, count):
        x, w, y = start / total * width, count / total * width, (depth - 1 - level) * height
        if w < 0.5:
            return
        fill = COLOURS[part(name)] if level else "#eeeeee"
        label = html.escape(name if len(name) * 6.6 < w - 6 else name[:int((w - 6) / 6.6)] if w > 30 else "")
        boxes.append(f'<g><title>{html.escape(name)}: {count / total:.1%}</title><rect x="{x:.1f}" y="{y}" '
                     f'width="{w:.1f}" height="{height - 1}" fill="{fill}"/><text x="{x + 3:.1f}" y="{y + 13}">{label}</text></g>')

    def level(entries, depth, start):
        children = Counter()
        for stack, count in entries:
            if len(stack) > depth:
                children[stack[depth]] += count
        for name in sorted(children):
            inside = [entry for entry in entries if len(entry[0]) > depth and entry[0][depth] == name]
            box(name, depth + 1, start, children[name])
            level(inside, depth + 1, start)
            start += children[name]

    box("POST /predict: processor time of the host", 0, 0, total)
    level(list(stacks.items()), 0, 0)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {depth * height}" font-family="monospace" '
            f'font-size="11" fill="#111"><rect width="100%" height="100%" fill="#fff"/>{"".join(boxes)}</svg>\n')
