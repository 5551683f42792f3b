"""Read what is handed in: for judges of one's own, as the book's judges do it.

Each of these returns what it has read, or raises `Wrong` with a message for the student.
"""

from mlhelpers.exercises._answers import (
    ANY,
    Wrong,
    call,
    compare,
    compare_name,
    read_array,
    read_fractions,
    read_label_set,
    read_matrix,
    read_numbers,
    read_two,
)

__all__ = [
    "ANY",
    "Wrong",
    "call",
    "compare",
    "compare_name",
    "read_array",
    "read_fractions",
    "read_label_set",
    "read_matrix",
    "read_numbers",
    "read_two",
]
