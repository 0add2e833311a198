"""The painted world: landscapes with exact masks, and the small CLIP and SAM that know them and nothing else."""
