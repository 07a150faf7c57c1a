"""What every module stands on: database, broker, events, clock, pages, languages, time series."""
