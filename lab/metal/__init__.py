"""The lab's servers: what is built into the racks, switched on and off, and made to misbehave.

`kind` is what a server can do, whatever it is made of. `namespace` makes one from Linux namespaces; a virtual machine can
take its place. The rest of the lab calls `rack`, `power`, `images` and `faults`.
"""
