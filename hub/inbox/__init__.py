"""Messages from the town to a person, and the mails that leave the house."""
