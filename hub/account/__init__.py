"""Who somebody is: people, roles, log-in and sessions."""
