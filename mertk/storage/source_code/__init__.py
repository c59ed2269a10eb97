"""The code behind a component, as a hash: what computes, and nothing else."""
