"""A file served by the same server with the same threads: what the landing page is measured against."""

import sys
from pathlib import Path

import flask
import waitress

page = flask.Flask(__name__)
content = Path(sys.argv[2])


@page.get("/")
def file() -> flask.Response:
    """The file."""
    return flask.send_file(content, mimetype="text/html")


waitress.serve(page, listen=f"127.0.0.1:{sys.argv[1]}", threads=4, connection_limit=500, channel_timeout=15)
