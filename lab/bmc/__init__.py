"""The BMCs: one a server, on the out-of-band network, with Redfish over TLS and a password.

The Redfish service is sushy-tools', whose driver and templates are replaced: `driver` says what a server of the lab is and
does, `service` serves one BMC, `python -m lab.bmc` runs them all.
"""
