"""What ships together: a model, what comes before and after it, and rows that prove it, in one folder, no pickle."""

from mlhelpers.bundle._bundle import Bundle

__all__ = ["Bundle"]

Bundle.__module__ = __name__  # where it is documented
