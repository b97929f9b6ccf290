"""Ensembles of trees: the libraries' own files, and what was made of them."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from tests.corpus.cases import Files, add_good, add_hostile


@cache
def trained() -> Files:
    """One small file of each library and kind."""
    import catboost
    import lightgbm
    import xgboost

    random = np.random.default_rng(1)
    x = random.random((200, 4))
    y = np.digitize(x[:, 0], [0.3, 0.6])
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        grown = xgboost.XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1).fit(x, y)
        grown.save_model(at / "xgb.json")
        grown.save_model(at / "xgb.ubj")
        data = xgboost.DMatrix(x, label=y, feature_names=list("abcd"))
        for booster in ("gblinear", "dart"):
            made = xgboost.train({"booster": booster, "nthread": 1}, data, 3)
            made.save_model(at / f"{booster}.json")
            made.save_model(at / f"{booster}.ubj")
        lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, n_jobs=1).fit(x, y).booster_.save_model(
            at / "lightgbm.txt"
        )
        cat = catboost.CatBoostClassifier(
            iterations=5, depth=3, verbose=0, allow_writing_files=False, thread_count=1
        ).fit(x, (y > 0).astype(int))
        cat.save_model(str(at / "catboost.cbm"))
        for kind, suffix in {
            "json": "json",
            "pmml": "pmml",
            "onnx": "onnx",
            "coreml": "mlmodel",
        }.items():
            cat.save_model(str(at / f"catboost.{suffix}"), format=kind)
        return {path.name: path.read_bytes() for path in sorted(at.iterdir())}


for _name, _content in trained().items():
    add_good(f"trees: {_name}", {_name: _content})
    add_hostile(f"trees: {_name} cut off", {_name: _content[: len(_content) * 2 // 3]})


def changed(name: str, old: bytes, new: bytes) -> bytes:
    content = trained()[name]
    assert old in content, (name, old)
    return content.replace(old, new, 1)


def said(name: str, change) -> bytes:
    value = json.loads(trained()[name])
    change(value)
    return json.dumps(value).encode()


LIES = {
    "xgb.json: more trees than there are": changed(
        "xgb.json", b'"num_trees":"15"', b'"num_trees":"16"'
    ),
    "xgb.json: no booster": said(
        "xgb.json", lambda value: value["learner"].pop("gradient_booster")
    ),
    "xgb.json: names for other features": said(
        "xgb.json", lambda value: value["learner"].update(feature_names=["a", "b"])
    ),
    "xgb.json: deep": b'{"learner": ' + b"[" * 200_000,
    "xgb.ubj: a list of 2^62": b"{L" + bytes(7) + b"\x07learner[#L\x40" + bytes(7),
    "xgb.ubj: numbers of 2^62": b"{L" + bytes(7) + b"\x07learner[$d#L\x40" + bytes(7),
    "xgb.ubj: a name of 2^62": b"{L\x40" + bytes(7) + b"learner",
    "xgb.ubj: a length below zero": b"{L" + bytes(7) + b"\x07learner[$d#i\xff",
    "xgb.ubj: deep": b"{L" + bytes(7) + b"\x07learner" + b"[" * 10_000,
    "xgb.ubj: something twice": b"{" + (b"L" + bytes(7) + b"\x07learnerZ") * 2 + b"}",
    "xgb.ubj: something behind": trained()["xgb.ubj"] + b"Z",
    "lightgbm.txt: sizes that lie": changed("lightgbm.txt", b"tree_sizes=", b"tree_sizes=9 "),
    "lightgbm.txt: sizes that are none": changed("lightgbm.txt", b"tree_sizes=", b"tree_sizes=x "),
    "lightgbm.txt: more features than names": changed(
        "lightgbm.txt", b"max_feature_idx=3", b"max_feature_idx=9"
    ),
    "catboost.cbm: a length that lies": b"CBM1\xff\xff\xff\x7f" + trained()["catboost.cbm"][8:],
    "catboost.cbm: a root outside": trained()["catboost.cbm"][:8] + b"\xff" * 4 + bytes(64),
    "catboost.cbm: noise": b"CBM1\x40\0\0\0" + bytes(range(64)),
    "catboost.json: no features": b'{"model_info": {}, "features_info": 3, "oblivious_trees": []}',
}
for _name, _content in LIES.items():
    add_hostile(f"trees: {_name}", _content)


def pmml(before: bytes = b"", inside: bytes = b"", end: bytes = b"</PMML>") -> bytes:
    fields = b'<DataDictionary><DataField name="x" optype="continuous" dataType="double"/>'
    start = b'<?xml version="1.0"?>' + before + b'<PMML version="4.4"><Header/>'
    return start + fields + b"</DataDictionary>" + inside + end


LAUGHS = (
    b"<!DOCTYPE PMML [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (name, b"&%c;" % (name - 1) * 10) for name in range(98, 110))
    + b"]>"
)
XML = {
    "laughs": pmml(LAUGHS, b"<a>&m;</a>"),
    "a file": pmml(b'<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]>', b"<a>&x;</a>"),
    "a document type elsewhere": pmml(b'<!DOCTYPE PMML SYSTEM "http://127.0.0.1/x.dtd">'),
    "parameters": pmml(b'<!DOCTYPE PMML [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]>'),
    "an unknown entity": pmml(inside=b"<a>&nobody;</a>"),
    "deep": pmml(inside=b"<a>" * 300),
    "no end": pmml(end=b""),
    "two roots": pmml() + b"<PMML/>",
}
for _name, _content in XML.items():
    add_hostile(f"pmml: {_name}", _content)
add_good("pmml: small", pmml(inside=b'<TreeModel functionName="regression"><MiningSchema>'
    b'<MiningField name="x"/></MiningSchema></TreeModel>'))  # fmt: skip
