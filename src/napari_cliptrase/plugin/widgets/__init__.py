"""The docks. They communicate only through the session of their viewer."""
