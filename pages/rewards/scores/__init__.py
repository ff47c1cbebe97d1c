"""The tab Scores: the verdict, what would have happened, the rows and the one that is selected."""
