"""Free WiFi of the town: landing page, accept, session and the nftables gate. Runs without hub and without uplink."""
