"""The Bad Rappenau-Pass: the card of a person, and the hub's pages as an app on a phone."""
