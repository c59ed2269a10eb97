"""Long videos: intervals, how they are scored, and the search for them."""
