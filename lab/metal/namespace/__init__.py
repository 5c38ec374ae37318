"""Servers made of Linux namespaces: everything that is about namespaces, control groups, veth pairs and mounts is in here.

A server is a network namespace with its NIC in it, which stays while the rack stands. Switched on, it is a process of its
own (`boot`) in new PID, mount, UTS and IPC namespaces: first the firmware, then the init of the image, as PID 1. Off means
that this process is gone: the kernel takes everything with it that ran or was mounted in there.
"""
