"""What takes too long for every change: `./lab/prove` runs it, `./lab/test` does not."""
