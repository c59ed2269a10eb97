"""Tables, figures and the HTML page, recomputed from stored predictions."""
