"""The clip explorer: frames, motion and regions of clips, and what models predict of them."""
