"""The program `turnup-wipe`, which exists in the acceptance image alone: it erases drives, on a signed order, and nothing else.

`decision` is pure and says what forbids an order; `machine` looks at the server; `work` erases one drive; `supervisor` does
them all, detached; `program` is the command line. Standard library of Python 3.11 only.
"""
