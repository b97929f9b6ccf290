"""Which tokenizer lies in a folder, and how many words it knows."""

import re
from typing import BinaryIO

from lineage_registry.errors import FormatError
from lineage_registry.formats.protobuf import BYTES, Budget, Protobuf
from lineage_registry.formats.ranges import Ranges
from lineage_registry.ports.filesets import FileSet, RememberingFiles, remembering

_PIECE = 1024 * 1024
_OVERLAP = 1024
_MAX_TOKENIZER = 256 * 1024 * 1024
_MAX_PIECES = 2_000_000
_MODEL = re.compile(rb'"model"\s*:\s*\{')
_TYPE = re.compile(rb'"type"\s*:\s*"(BPE|WordPiece|WordLevel|Unigram)"')
_VOCABULARY = re.compile(rb'"vocab"\s*:\s*[\[{]')
_ENTRY = re.compile(rb'"\s*:\s*\d+\s*[,}]|",\s*-?[\d.eE+-]+\s*\]')
_MERGES = re.compile(rb'"merges"\s*:\s*\[')
_SENTENCE_PIECE = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model")


def tokenizer(files: FileSet) -> str | None:
    """Return the kind of the tokenizer and the size of its vocabulary, as `BPE, 1,000 words`."""
    seen = remembering(files)
    there = set(seen.paths())
    if "tokenizer.json" in there and seen.size("tokenizer.json") <= _MAX_TOKENIZER:
        with seen.open("tokenizer.json") as stream:
            return _fast(stream)
    for path in _SENTENCE_PIECE:
        if path in there and (pieces := sentence_pieces(seen, path)) is not None:
            return f"SentencePiece, {pieces:,} words"
    if "vocab.txt" in there:
        with seen.open("vocab.txt") as stream:
            words = sum(piece.count(b"\n") for piece in iter(lambda: stream.read(_PIECE), b""))
        return f"WordPiece, {words:,} words"
    return None


def sentence_piece_files(files: FileSet) -> list[str]:
    """Return the files that hold a vocabulary of SentencePiece, which is data and no code."""
    seen = remembering(files)
    named = [path for path in seen.paths() if path.rpartition("/")[2] in _SENTENCE_PIECE]
    return [path for path in named if sentence_pieces(seen, path) is not None]


def sentence_pieces(files: RememberingFiles, path: str) -> int | None:
    """Return how many pieces a vocabulary has; None if the file is none."""
    return files.once(("sentencepiece", path), lambda: _pieces(files, path))


def _pieces(files: RememberingFiles, path: str) -> int | None:
    size = files.size(path)
    if size > _MAX_TOKENIZER:
        return None
    with files.open(path) as stream:
        proto = Protobuf(Ranges(stream, size), Budget(_MAX_PIECES))
        try:
            fields = [each.number for each in proto.whole() if each.wire == BYTES]
        except FormatError:
            return None
    # Pieces, then how they were trained and how text is cleaned.
    return fields.count(1) if fields and set(fields) <= {1, 2, 3, 4, 5} else None


def _fast(stream: BinaryIO) -> str | None:
    """Read a `tokenizer.json`, which may be long, piece by piece.

    A library that parses it whole would need twenty times its size in memory.
    """
    kind, words, stage, kept = None, 0, _MODEL, b""
    for piece in iter(lambda: stream.read(_PIECE), b""):
        kept += piece
        if stage is _MODEL and (found := _MODEL.search(kept)):
            kept, stage = kept[found.end() :], _VOCABULARY
        if stage is _VOCABULARY and (found := _VOCABULARY.search(kept)):
            kind = _TYPE.search(kept[: found.start()]) or kind
            kept, stage = kept[found.end() - 1 :], _ENTRY
        if stage is not _ENTRY:
            kept = kept[-_OVERLAP:]
            continue
        end = _MERGES.search(kept)
        entries = [
            found.end() for found in _ENTRY.finditer(kept, 0, end.start() if end else len(kept))
        ]
        words += len(entries)
        if end:
            break
        kept = kept[entries[-1] - 1 if entries else -_OVERLAP :]
    name = kind[1].decode() if kind else "unknown kind"
    return f"{name}, {words:,} words" if words else None
