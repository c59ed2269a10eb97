"""Speed and cost, measured side by side in one run."""
