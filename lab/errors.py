"""What goes wrong in the lab, told so that a person knows what to do next."""


class LabError(Exception):
    """What happened, and what to do about it; the command ends with exit code 1 and no traceback."""


class MissingPrerequisite(LabError):
    """The machine lacks something that the lab cannot install itself; exit code 2."""
