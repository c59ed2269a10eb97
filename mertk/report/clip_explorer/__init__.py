"""A clip to look into: frames, motion, regions, and what models said of it."""
