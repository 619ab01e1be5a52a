"""The worker's pages: server-rendered, no script, small enough for a cheap phone on a slow network."""

from portability.adapters.workers.web.app import Topic, WebSettings, create_app

__all__ = ["Topic", "WebSettings", "create_app"]
