"""One step a file: `do` above `undo`. A step obeys the plan; it asks `ports` for what it needs and decides nothing."""
