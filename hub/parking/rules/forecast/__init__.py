"""How full a car park will be in the next 24 hours, how sure that is, and how good such forecasts were.

Hours are counted since 1970 in UTC; numbers of cars are means over an hour.
"""

from hub.parking.rules.forecast.calendar import Calendar, Moment
from hub.parking.rules.forecast.evaluation import Errors, Report, evaluate
from hub.parking.rules.forecast.model import HORIZON, Expected, Forecaster
from hub.parking.rules.forecast.outlook import Outlook, outlook
from hub.parking.rules.forecast.picture import Picture, picture
from hub.parking.rules.forecast.table import read_table

__all__ = [
    "HORIZON",
    "Calendar",
    "Errors",
    "Expected",
    "Forecaster",
    "Moment",
    "Outlook",
    "Picture",
    "Report",
    "evaluate",
    "outlook",
    "picture",
    "read_table",
]
