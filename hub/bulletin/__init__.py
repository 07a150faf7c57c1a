"""What the town has to say: news, events, warnings, opening hours, legal texts."""
