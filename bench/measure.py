"""Contestants that take turns, their results, and goals."""

from dataclasses import dataclass
from statistics import median


@dataclass
class Result:
    """The values of one contestant in one case, one per round. The first contestant of a case is Canopy."""

    section: str
    case: str
    contestant: str
    unit: str
    values: list
    more_is_better: bool = False
    how: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    def ratio(self, peer: "Result") -> float:
        """How many times better than a peer this result is."""
        if self.more_is_better:
            return self.median / peer.median
        return peer.median / self.median


@dataclass
class Goal:
    """A claim, the value measured and the limit that it must keep."""

    text: str
    value: float
    limit: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def alternate(contestants: dict, rounds: int) -> dict:
    """Measures every contestant once per round, in a different order each round; the first round is a
    warm-up. Returns the values of each contestant."""
    names = list(contestants)
    values = {name: [] for name in names}
    for number in range(rounds + 1):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            value = contestants[name]()
            if number > 0:
                values[name].append(value)
    return values
