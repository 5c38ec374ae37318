"""NetBox: the facts. `inventory.py` is the port, `ensure.py` is the command that prepares a NetBox for turnup."""
