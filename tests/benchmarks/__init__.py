"""How fast things are, beside a plain way to do the same; run by `./lab/prove`."""
