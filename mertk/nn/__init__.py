"""The one trainer of networks, and what classifiers that are networks share."""
