"""What the examples here share: JSON over HTTP with the standard library."""

import json
import os
import urllib.request

URL = os.environ.get("INFERNO_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("INFERNO_API_KEY", "none")


def post(path, body):
    """The open answer; urllib raises HTTPError for a refusal, whose body says what was wrong."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request)


def post_json(path, body):
    with post(path, body) as answer:
        return json.load(answer)
