#!/usr/bin/env python3
"""Checks what Cargo.toml cannot: that the modules of every crate form no circle, and that only the
places listed in USERS name a library that the rest of the code must not know.

A module depends on another one if it names something that the other one defines; a re-export in
between counts as neither. Tests are left out.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATES = [*sorted((ROOT / "crates").iterdir()), ROOT / "host", ROOT / "evaluation", ROOT / "bench", ROOT / "fuzz",
          ROOT / "model-wasm/guest", ROOT / "model-wasm/trainer"]
# Who may name a library in its sources.
USERS = {
    r"axum(?:_\w+)?|hyper(?:_\w+)?": ["crates/web/src", "host/src/http", "model-wasm/trainer/src/http"],
    r"wasmtime\w*": ["crates/runtime/src", "model-wasm/trainer/src/bake.rs"],
}

LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)"(?:.*?)"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^'\\])'""", re.S)
TEST = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*[^{;]*([{;])")
INLINE = re.compile(r"\bmod\s+\w+\s*{")
USE = re.compile(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])(\w+(?:::\w+)+)")


def end_of_block(source, at):
    """The position after the block whose opening brace is just before `at`."""
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def code(file):
    """The source without comments, literals and tests."""
    source = LITERAL.sub(lambda match: "" if match[0].startswith("/") else '""', file.read_text())
    while match := TEST.search(source):
        end = end_of_block(source, match.end()) if match[1] == "{" else match.end()
        source = source[:match.start()] + source[end:]
    for match in INLINE.finditer(source):
        end = end_of_block(source, match.end())
        # What is above an inline module is in the same file. Of the same length.
        source = source[:match.end()] + source[match.end():end].replace("super::", "self:: ") + source[end:]
    return source


def paths(tree):
    """The paths of a use declaration."""
    tree = tree.strip()
    if "{" not in tree:
        return [re.sub(r"\s+as\s+\w+$", "", tree)]
    before, inside = tree.split("{", 1)
    parts, depth = [""], 0
    for char in inside[:inside.rindex("}")]:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [before + path for part in parts if part.strip() for path in paths(part)]


class Crate:
    """The modules of a crate, as tuples of names, and what each of them names."""

    def __init__(self, folder):
        self.code = {}
        for file in sorted((folder / "src").rglob("*.rs")):
            parts = file.relative_to(folder / "src").with_suffix("").parts
            if parts == ("main",) and (folder / "src/lib.rs").exists():
                continue
            if parts[-1] in ("mod", "lib", "main"):
                parts = parts[:-1]
            self.code[parts] = code(file)
        self.exports = collections.defaultdict(dict)
        for module, text in self.code.items():
            for use in USE.finditer(text):
                for path in paths(use[2]) if use[1] else []:
                    if found := self.resolve(module, path):
                        name = (found[1] or found[0])[-1]
                        self.exports[module][name] = found

    def resolve(self, module, path):
        """The module that a path leads to, and the rest of the path; None outside the crate."""
        names = [name.strip() for name in path.split("::")]
        if names[0] == "crate":
            base, names = (), names[1:]
        elif names[0] in ("self", "super"):
            base = module
            while names and names[0] in ("self", "super"):
                base = base[:-1] if names.pop(0) == "super" else base
        elif module + (names[0],) in self.code:
            base = module
        else:
            return None
        while names and base + (names[0],) in self.code:
            base += (names.pop(0),)
        return base, tuple(names)

    def definition(self, module, names):
        """The module that defines what a module may only re-export."""
        for _ in range(8):
            found = self.exports[module].get(names[0]) if names else None
            if not found or found == (module, names):
                break
            module, names = found
        return module

    def dependencies(self):
        """For each module the modules that it depends on."""
        graph = {}
        for module, text in self.code.items():
            body = USE.sub("", text)
            named = PATH.findall(body)
            for use in USE.finditer(text):
                for path in paths(use[2]):
                    is_used = re.search(rf"\b{re.escape(path.split('::')[-1].strip())}\b", body)
                    if not use[1] or is_used:
                        named.append(path)
            found = (self.resolve(module, path) for path in named)
            graph[module] = {self.definition(*it) for it in found if it} - {module}
        return graph


def circles(graph):
    """Sets of modules that depend on each other."""
    def reachable(start):
        seen, waiting = set(), [start]
        while waiting:
            for other in graph[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen
    reach = {module: reachable(module) for module in graph}
    return {frozenset({module, *(it for it in reach[module] if module in reach[it])})
            for module in graph if module in reach[module]}


def main():
    problems = []
    for folder in CRATES:
        name = folder.relative_to(ROOT)
        for circle in circles(Crate(folder).dependencies()):
            modules = ", ".join(sorted("::".join(module) or "(root)" for module in circle))
            problems.append(f"{name}: these modules depend on each other: {modules}")
        for library, allowed in USERS.items():
            for file in sorted((folder / "src").rglob("*.rs")):
                path = str(file.relative_to(ROOT))
                if not path.startswith(tuple(allowed)) and (found := re.search(rf"\b({library})::", code(file))):
                    problems.append(f"{path} names {found[1]}; only {', '.join(allowed)} may")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


main()
