"""Who does the units of work: this process, local workers, or a cluster."""
