"""The names that feature SQL gives to what is its own.

They begin with __, as no column that a problem may read does, and no source: whatever a lender
calls its columns, ours are others.
"""

SPINE = "__spine"
ROW = "__row"
AS_OF = "__as_of"
