"""What parking hears: readings in the ingest process, everything else where letters are written."""
