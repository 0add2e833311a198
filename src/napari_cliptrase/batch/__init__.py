"""Many images through the engine into a project: in this process, or on the workers of a dask cluster."""
