"""Hooks, the registry, and how plug-ins are found, loaded, isolated and begun."""
