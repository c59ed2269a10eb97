"""What all rooms share: clips, interfaces, recipes, errors, folds, scores."""
