"""Pure: servers, policy, plans, states, verdicts, errors. The standard library and netaddr only; no clock, no I/O."""
