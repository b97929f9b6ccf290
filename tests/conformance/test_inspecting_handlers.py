"""The handlers that only look keep the rules, too."""

from lineage_registry.formats.archives.handler import ArchiveHandler
from lineage_registry.formats.builtin import handlers
from lineage_registry.formats.coreml.handler import CoremlHandler
from lineage_registry.formats.gguf.handler import GgufHandler
from lineage_registry.formats.mlflow.handler import MlflowHandler
from lineage_registry.formats.tensorflow.saved_model import SavedModelHandler
from lineage_registry.formats.tensorflow.tflite import TfliteHandler
from lineage_registry.formats.trees.pmml import PmmlHandler
from lineage_registry.testing.formats import InspectOnlyContract
from tests.corpus.making import tar_of
from tests.corpus.other_files import coreml, mlmodel, saved_model, tflite
from tests.corpus.tensor_files import array_bytes, gguf_file
from tests.corpus.tree_files import pmml


class TestGguf(InspectOnlyContract):
    def make_handler(self):
        return GgufHandler()

    def make_files(self):
        return {"model.gguf": gguf_file()}


class TestTflite(InspectOnlyContract):
    def make_handler(self):
        return TfliteHandler()

    def make_files(self):
        return {"model.tflite": tflite()}


class TestCoreml(InspectOnlyContract):
    def make_handler(self):
        return CoremlHandler()

    def make_files(self):
        return {"model.mlmodel": coreml()}


class TestSavedModel(InspectOnlyContract):
    def make_handler(self):
        return SavedModelHandler()

    def make_files(self):
        return saved_model()


class TestPmml(InspectOnlyContract):
    def make_handler(self):
        return PmmlHandler()

    def make_files(self):
        return {"model.pmml": pmml()}


class TestMlflow(InspectOnlyContract):
    def make_handler(self):
        return MlflowHandler()

    def make_files(self):
        return {**mlmodel(), "requirements.txt": b"scikit-learn\n"}


class TestArchive(InspectOnlyContract):
    def make_handler(self):
        return ArchiveHandler(handlers().inspect)

    def make_files(self):
        return {"models.tar": tar_of({"weights.npy": array_bytes()})}
