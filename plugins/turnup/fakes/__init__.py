"""Hand-written stand-ins for the ports, in memory. One contract suite holds them to what the real ones do."""
