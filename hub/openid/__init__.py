"""The OpenID provider: the city's companies let people log in with their account."""
