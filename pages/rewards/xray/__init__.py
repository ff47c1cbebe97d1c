"""The tab X-ray: the reward line by line on one row, or on two."""
