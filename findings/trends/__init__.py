"""Does it get better or worse? How findings and scores went over the days; every query is a function of its own.

What is told of an account goes with the account: its OU and owner are today's, so a past does not stay behind when it moves, and
moving an account makes no unit better. accounts: primary keys, None for all that may be seen.
"""

from . import points
from .ages import BANDS, Ages, ages
from .days import Flow, Span, Trend, before, read
from .keys import BY, Key
from .lines import Line, Lines, lines
from .points import Point
from .scores import Mean, Moved, Over, ScoreLine, over, reasons, score_line, together
from .times import Ended, Times, times

__all__ = [
    "BANDS",
    "BY",
    "Ages",
    "Ended",
    "Flow",
    "Key",
    "Line",
    "Lines",
    "Mean",
    "Moved",
    "Over",
    "Point",
    "ScoreLine",
    "Span",
    "Times",
    "Trend",
    "ages",
    "before",
    "lines",
    "over",
    "points",
    "read",
    "reasons",
    "score_line",
    "times",
    "together",
]
