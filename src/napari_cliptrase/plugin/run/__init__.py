"""Workers: jobs, segmentation, refinement."""
