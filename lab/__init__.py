"""A whole data center on one Debian machine: real control-plane software, simulated metal.

`./lab/up`, `./lab/demo` and the other files without a suffix in this folder are the commands; `python -m lab COMMAND` is what
they run. All state lives in `.lab/` beside this folder.
"""
