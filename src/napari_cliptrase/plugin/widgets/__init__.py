"""The docks. Each speaks to the others only through the session of its viewer."""
