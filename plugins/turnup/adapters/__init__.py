"""The only I/O: one module a service, each behind its port (`turnup.ports`)."""
