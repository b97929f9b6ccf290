"""The handlers that come with the registry."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from lineage_registry.domain.formats import Inspection
from lineage_registry.formats.archives.handler import ArchiveHandler
from lineage_registry.formats.conversions.to_huggingface import ToHuggingFace
from lineage_registry.formats.conversions.to_int8 import ToInt8
from lineage_registry.formats.conversions.to_onnx import ToOnnx
from lineage_registry.formats.conversions.to_safetensors import ToSafetensors
from lineage_registry.formats.coreml.handler import CoremlHandler
from lineage_registry.formats.door import look_at_each
from lineage_registry.formats.gguf.handler import GgufHandler
from lineage_registry.formats.huggingface.handler import HuggingFaceHandler
from lineage_registry.formats.keras.handler import KerasHandler
from lineage_registry.formats.mlflow.handler import MlflowHandler
from lineage_registry.formats.numpy.handler import NumpyHandler
from lineage_registry.formats.onnx.handler import OnnxHandler
from lineage_registry.formats.pickles.handler import PickleHandler
from lineage_registry.formats.plain_files import PlainFilesHandler
from lineage_registry.formats.pytorch.handler import PyTorchHandler
from lineage_registry.formats.safetensors.handler import SafetensorsHandler
from lineage_registry.formats.sklearn.handler import SklearnHandler
from lineage_registry.formats.tensorflow.saved_model import SavedModelHandler
from lineage_registry.formats.tensorflow.tflite import TfliteHandler
from lineage_registry.formats.trees.catboost import CatboostHandler
from lineage_registry.formats.trees.lightgbm import LightgbmHandler
from lineage_registry.formats.trees.pmml import PmmlHandler
from lineage_registry.formats.trees.xgboost import XgboostHandler
from lineage_registry.ports.filesets import FileSet
from lineage_registry.ports.formats import ENTRY_POINT_GROUP, HandlerRegistry


def handlers() -> HandlerRegistry:
    """Return the built-in handlers and those that installed packages announce."""
    readers = (
        SafetensorsHandler(),
        PyTorchHandler(),
        GgufHandler(),
        OnnxHandler(),
        KerasHandler(),
        SklearnHandler(),
        XgboostHandler(),
        LightgbmHandler(),
        CatboostHandler(),
        PmmlHandler(),
        TfliteHandler(),
        PickleHandler(),
        NumpyHandler(),
    )
    folders = (
        HuggingFaceHandler(readers),
        MlflowHandler(readers),
        SavedModelHandler(),
        CoremlHandler(),
    )
    converters = (ToSafetensors(), ToHuggingFace(), ToOnnx(), ToInt8())

    def look(files: FileSet) -> Inspection:
        return registry.inspect(files)

    registry = HandlerRegistry(
        (*readers, *folders, PlainFilesHandler(), ArchiveHandler(look)),
        announced=_announced,
        door=look_at_each,
        converters=converters,
    )
    return registry


@cache
def _announced() -> Iterable[EntryPoint]:
    """Look once through all that is installed: a process opens many registries."""
    return entry_points(group=ENTRY_POINT_GROUP)
