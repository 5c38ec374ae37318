"""An IPv6 address on an interface, set at once. It starts `ip` itself: no shell sees a word that came from NetBox."""

import ipaddress
import json
import subprocess

IP = "ip"
TIMEOUT = 20.0
"""Seconds."""


def address(name, dev):
    """The interface `dev` has the IPv6 address `name` (with its prefix length); its other addresses stay.

    .. code-block:: yaml

        2001:db8::7/64:
          turnup_network.address:
            - dev: eth0
    """
    state = {"name": name, "result": True, "changes": {}, "comment": f"{dev} has it."}
    try:
        wanted = ipaddress.IPv6Interface(name)
        if wanted in _addresses(dev):
            return state
        state["changes"] = {"new": f"{wanted} on {dev}"}
        if __opts__["test"]:  # noqa: F821 - Salt's loader puts it into the module
            return {**state, "result": None, "comment": f"{dev} would get it."}
        _ip("-6", "address", "replace", str(wanted), "dev", dev)
    except (ValueError, OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip()
        return {**state, "result": False, "changes": {}, "comment": f"{name}: {said or error}"}
    return {**state, "comment": f"{dev} got it."}


def _addresses(dev):
    """Every IPv6 address of the interface."""
    links = json.loads(_ip("-json", "-6", "address", "show", "dev", dev) or "[]")
    # Where an interface has none, ip prints an empty object for every other one.
    return {
        ipaddress.IPv6Interface(f"{one['local']}/{one['prefixlen']}")
        for link in links
        for one in link.get("addr_info", ())
        if one.get("family") == "inet6"
    }


def _ip(*arguments):
    return subprocess.run([IP, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
