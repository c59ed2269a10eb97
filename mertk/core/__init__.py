"""What everything speaks in: clips, interfaces, recipes, errors, folds, scores."""
