"""How good results are: confusion, boundaries, scores on the painted world."""
