"""Models of XGBoost, LightGBM and CatBoost on their way to and from their own files."""

from pathlib import Path
from typing import Any

from lineage_registry.errors import InvalidInputError
from lineage_registry.formats.options import one_of
from lineage_registry.formats.requirements import require
from lineage_registry.formats.writing import whole_file

XGBOOST_FILE, LIGHTGBM_FILE, CATBOOST_FILE = "model.ubj", "model.txt", "model.cbm"
XGBOOST_CLASSES = ("xgboost.core.Booster", "xgboost.sklearn.XGBModel")
LIGHTGBM_CLASSES = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel")
CATBOOST_CLASSES = ("catboost.core.CatBoost",)
LOAD_OPTIONS = frozenset({"into", "file"})
_INTO = ("booster", "classifier", "regressor")


def load_xgboost(place: Path, options: dict[str, object]) -> Any:
    """Return a booster, or with `into` a classifier or regressor."""
    xgboost = require("xgboost", extra="xgboost")
    kinds = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "booster": "Booster"}
    model = getattr(xgboost, kinds[one_of("into", options.get("into"), _INTO)])()
    # The library goes by the suffix; bytes that it is given it looks at.
    model.load_model(bytearray(place.read_bytes()))
    return model


def save_xgboost(obj: object, folder: Path) -> None:
    """Write a booster, or the booster of a classifier or regressor."""
    xgboost = require("xgboost", extra="xgboost")
    if not isinstance(obj, xgboost.Booster | xgboost.XGBModel):
        raise _none("XGBoost", obj)
    with whole_file(folder / XGBOOST_FILE) as draft:
        named = draft.with_name(f"{draft.name}.ubj")
        try:
            obj.save_model(named)
            named.replace(draft)
        finally:
            named.unlink(missing_ok=True)


def load_lightgbm(place: Path) -> Any:
    """Return a booster."""
    return require("lightgbm", extra="lightgbm").Booster(model_file=str(place))


def save_lightgbm(obj: object, folder: Path) -> None:
    """Write a booster, or the booster of a classifier or regressor."""
    lightgbm = require("lightgbm", extra="lightgbm")
    booster = obj.booster_ if isinstance(obj, lightgbm.LGBMModel) else obj
    if not isinstance(booster, lightgbm.Booster):
        raise _none("LightGBM", obj)
    with whole_file(folder / LIGHTGBM_FILE) as draft:
        booster.save_model(str(draft))


def load_catboost(place: Path, options: dict[str, object]) -> Any:
    """Return a model, or with `into` a classifier or regressor."""
    catboost = require("catboost", extra="catboost")
    kinds = {"classifier": "CatBoostClassifier", "regressor": "CatBoostRegressor"}
    into = one_of("into", options.get("into"), _INTO)
    with place.open("rb") as stream:
        form = "cbm" if stream.read(4) == b"CBM1" else "json"
    return getattr(catboost, kinds.get(into, "CatBoost"))().load_model(str(place), format=form)


def save_catboost(obj: object, folder: Path) -> None:
    """Write a model."""
    catboost = require("catboost", extra="catboost")
    if not isinstance(obj, catboost.CatBoost):
        raise _none("CatBoost", obj)
    with whole_file(folder / CATBOOST_FILE) as draft:
        obj.save_model(str(draft), format="cbm")


def _none(library: str, obj: object) -> InvalidInputError:
    return InvalidInputError(f"a file of {library} is not made of a {type(obj).__qualname__}")
