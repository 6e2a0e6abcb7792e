"""Results as tables, for a terminal and for a document."""

MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")


def rows(results):
    """Case, contestant, unit, median, spread, how many times better the first contestant of the case is, and how."""
    first = {}
    for result in results:
        key = (result.section, result.case, result.unit)
        canopy = first.setdefault(key, result)
        ratio = "" if canopy is result or "failed" in result.unit else f"{number(canopy.ratio(result))}×"
        spread = "" if len(result.values) == 1 else f"{number(min(result.values))} to {number(max(result.values))}"
        yield (result.case, result.contestant, result.unit, number(result.median), spread, ratio, result.how)


def number(value):
    """A number with three significant digits."""
    if value >= 1000 or value == 0:
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


def printed(results):
    table = [("", "", "", "median", "lowest to highest", "ratio"), *(row[:6] for row in rows(results))]
    widths = [max(len(row[column]) for row in table) for column in range(6)]
    last = None
    for row in table:
        shown = [row[0] if row[0] != last else "", *row[1:]]
        last = row[0]
        print("  ".join(
            text.rjust(width) if column in (3, 5) else text.ljust(width)
            for column, (text, width) in enumerate(zip(shown, widths))).rstrip())


def print_goals(goals):
    for goal in goals:
        sign = "<=" if goal.at_most else ">="
        print(f"  {'met   ' if goal.met else 'not met'} {goal.text}: {number(goal.value)} {sign} {number(goal.limit)}")


def markdown(content):
    """The marked block of a document."""
    machine = "; ".join(f"{key}: {value}" for key, value in content["machine"].items())
    lines = [MARKS[0], f"{machine[:1].upper()}{machine[1:]}. Rounds: {content['rounds']}. Median (lowest to highest); the ratio is how many "
             "times better Canopy, the first line of a case, is than that line.", ""]
    for section, text in content["headings"].items():
        results = [each for each in content["results"] if each.section == section]
        if not results:
            continue
        lines += [f"### {text}", "", "| | | | Median | Lowest to highest | Ratio |", "|---|---|---|---:|---:|---:|"]
        last = None
        for row in rows(results):
            case, last = (row[0] if row[0] != last else ""), row[0]
            lines.append("| " + " | ".join([case, *row[1:6]]) + " |")
        hows = {(row[1], row[6]): None for row in rows(results) if row[6]}
        lines += ["", *(f"- {contestant}: {how}" for contestant, how in hows), ""] if hows else [""]
    lines += goals_table(content["goals"])
    if content["skipped"]:
        lines += ["Not measured: " + "; ".join(content["skipped"]) + ".", ""]
    return "\n".join([*lines, MARKS[1]])


def goals_table(goals):
    """The goals beside what was measured."""
    lines = ["### Goals", "", "| | Measured | Goal | |", "|---|---:|---:|---|"]
    for goal in goals:
        limit = f"{'at most' if goal.at_most else 'at least'} {number(goal.limit)}"
        lines.append(f"| {goal.text} | {number(goal.value)} | {limit} | {'met' if goal.met else '**missed**'} |")
    return [*lines, ""]


def write(document, content):
    """Replaces the marked block of a document."""
    text = document.read_text()
    begin, end = text.index(MARKS[0]), text.index(MARKS[1]) + len(MARKS[1])
    document.write_text(text[:begin] + markdown(content) + text[end:])
