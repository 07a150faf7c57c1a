"""How long bookings are kept."""

YEARS = 10  # full calendar years after the one of the booking (section 147 of the fiscal code)


def last_year_over(year: int) -> int:
    """The last year of which nothing has to be kept any more in `year`."""
    return year - YEARS - 1
