"""The process: a flow is a table of rows (`install.py`), a row is a step (`steps/`) with what it does and how it is undone."""
