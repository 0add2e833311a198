"""The class table: what is searched for, in which colour, and what was found."""
