"""Chat templates: programs in Jinja that come with a tokenizer, and what in them is no chat."""

import re

from lineage_registry.formats.reading import shown

_MAX_TEMPLATE = 256 * 1024
_CODE = re.compile(r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)", re.DOTALL)
_CLIMBING = re.compile(
    r"__|\\x5f|\\u005f|\\U0000005f|\\137|\\N\{|%c"
    r"|['\"]_+['\"]|\._|\|\s*attr\b|\battr\s*\(|\bgetattr\b|\bformat_map\b"
    r"|\b(?:import|include|extends)\b|\b(?:lipsum|cycler|joiner|mro|subclasses|globals|builtins)\b"
    r"|\b(?:popen|eval|exec|system|os|sys|subprocess)\s*[.(]",
    re.IGNORECASE,
)
"""What reaches from the values that a template is given to the objects behind them."""
_TEXT = re.compile(
    # An open end counts as one, or each quote before it would be tried up to there.
    r"'(?:[^'\\]|\\.|\\\Z)*+(?:'|\Z)|\"(?:[^\"\\]|\\.|\\\Z)*+(?:\"|\Z)",
    re.DOTALL,
)
_IN_TEXT = re.compile(r"__\w+__|\\x5f|\\u005f|\\U0000005f|\\137|\\N\{|%c|^_+$")


def dangerous_in_template(template: str) -> str | None:
    """Return what in a template reaches beyond the chat; None if nothing does.

    Loaders run templates in a sandbox, most of them; this says which templates try it.
    """
    if len(template) > _MAX_TEMPLATE:
        return f"it is longer than {_MAX_TEMPLATE} characters"
    for code in _CODE.findall(template):
        # Inside of quotes anything is a word of the model, but what names the hidden attributes.
        for text in _TEXT.findall(code):
            if found := _IN_TEXT.search(text[1:-1]):
                return f"it holds {shown(found.group())}"
        if found := _CLIMBING.search(_TEXT.sub("''", code)):
            return f"it holds {shown(found.group().strip())}"
    return None
