"""Contestants that take turns, and what comes of it."""

from dataclasses import dataclass
from statistics import median


@dataclass
class Result:
    """What one contestant reached in one case, a value a round. The first one of a case is Canopy."""

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
        """How many times better this is than a peer."""
        if self.more_is_better:
            return self.median / peer.median
        return peer.median / self.median


@dataclass
class Goal:
    """A claim and what was measured of it."""

    text: str
    value: float
    limit: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def alternate(contestants: dict, rounds: int) -> dict:
    """Has every contestant measure once a round, in another order every round; the first round only
    warms up. Answers the values of each."""
    names = list(contestants)
    values = {name: [] for name in names}
    for number in range(rounds + 1):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            value = contestants[name]()
            if number > 0:
                values[name].append(value)
    return values
