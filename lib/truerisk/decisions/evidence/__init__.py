"""Everything that one decision rests on, written out so that it can be checked without the lake."""
