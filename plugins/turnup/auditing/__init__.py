"""An audit: facts are gathered, checks judge them, the outcome is compared with the last one, safe fixes are made and undone."""
