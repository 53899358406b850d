"""Thirty noisy days of two services, and three sets of alerting rules that watch them."""
