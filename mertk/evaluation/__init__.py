"""What predictions are worth: scores, intervals, tests, breakdowns."""
