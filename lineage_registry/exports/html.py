"""The answer as one self-contained interactive page: no network, no code but its own."""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Final

from lineage_registry.domain.lineage import Lineage
from lineage_registry.exports.page_data import page_data
from lineage_registry.exports.words import question, xml_text

_SCRIPTS: Final = (
    "model",
    "arrange",
    "colours",
    "paint",
    "view",
    "select",
    "panel",
    "search",
    "table",
    "paper",
    "main",
)
"""What the page's script is joined of, in this order; all share one scope."""


def to_html(lineage: Lineage) -> str:
    """Return the answer as one HTML page."""
    body, style, script = _asset("page.html"), _asset("page.css"), _script()
    policy = (
        f"default-src 'none'; script-src '{_source(script)}'; style-src '{_source(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{xml_text(question(lineage))}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'{body}<script id="data" type="application/json">{_data(lineage)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath("static", name).read_text("utf-8")


def _script() -> str:
    return '"use strict";\n(() => {\n' + "\n".join(map(_part, _SCRIPTS)) + "})();\n"


def _part(name: str) -> str:
    return _asset(f"page/{name}.js")


def _source(text: str) -> str:
    """Return the text's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(lineage: Lineage) -> str:
    text = json.dumps(page_data(lineage), ensure_ascii=False, separators=(",", ":"))
    # No name can end the element or begin a comment in it.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
