"""litellm's own proxy server, with its mock replies: a server that we did not write."""
