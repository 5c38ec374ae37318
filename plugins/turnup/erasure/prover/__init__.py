"""The program `turnup-prove`: reads drives back, on a code path of its own, and never writes to one.

`turnup.erasure.proof` is pure and says what is read and what it shows; `reading` reads past every cache; `program` is the command
line. It imports nothing of the agent that erases, nor of its methods: what an error there hides shows here.
"""
