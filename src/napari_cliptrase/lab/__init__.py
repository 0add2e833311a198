"""How the shipped models were trained. In the repository, not in the wheel."""
