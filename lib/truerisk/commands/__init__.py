"""The ``truerisk`` command, a file per part of the loop; a command only asks and prints."""
