"""The graph's nodes, one file per stage of the story."""
