"""The class table: what is looked for, in which colour, and how it fared."""
