"""Channels of the worker: web pages and the delivery of one-time codes."""
