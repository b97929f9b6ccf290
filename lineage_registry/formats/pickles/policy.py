"""What a pickle may ask to import, and what the rest of it says about the file."""

import re
import sys

from lineage_registry.domain.formats import Verdict
from lineage_registry.formats.reading import shown

_TENSOR_CLASSES = re.compile(
    r"torch(\.cuda)?(\.sparse)?\."
    r"(BFloat16|Bool|Byte|Char|ComplexDouble|ComplexFloat|Double|Float|Half|Int|Long|Short)"
    r"(Storage|Tensor)"
)
_ELEMENT_TYPES = re.compile(
    r"torch\.((b?complex|float|u?int|bfloat)\d+|bool|q?u?int\d+(x\d)?|bits\d+(x\d)?"
    r"|float8_e\dm\d(fn|fnuz|fnu)?|float4_e2m1fn_x2"
    r"|per_(tensor|channel)_(affine|symmetric)|per_channel_affine_float_qparams)"
)
_ALLOWED = frozenset(
    {
        "_codecs.encode",
        "__builtin__.bytearray",
        "__builtin__.complex",
        "__builtin__.set",
        "builtins.bytearray",
        "builtins.complex",
        "builtins.set",
        "collections.Counter",
        "collections.OrderedDict",
        "torch.QInt32Storage",
        "torch.QInt8Storage",
        "torch.QUInt2x4Storage",
        "torch.QUInt4x2Storage",
        "torch.QUInt8Storage",
        "torch.Size",
        "torch.Tensor",
        "torch._tensor._rebuild_from_type_v2",
        "torch._utils._rebuild_meta_tensor_no_storage",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_qtensor",
        "torch._utils._rebuild_sparse_tensor",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch.device",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
    }
)
"""What `torch.load(weights_only=True)` also takes and that carries no code."""

_HARMLESS_STDLIB = frozenset(
    {
        "argparse.Namespace",
        *(
            f"{module}.{name}"
            for module in ("builtins", "__builtin__")
            for name in ("bool", "bytes", "dict", "float", "int", "list", "str", "tuple")
        ),
        "__builtin__.long",
        "__builtin__.unicode",
        "datetime.time",
        "datetime.timezone",
        "decimal.Decimal",
        "fractions.Fraction",
        "functools.partial",
        "pathlib.Path",
        "uuid.UUID",
        "builtins.frozenset",
        "builtins.slice",
        "builtins.range",
        "__builtin__.frozenset",
        "__builtin__.slice",
        "__builtin__.xrange",
        "collections.defaultdict",
        "collections.deque",
        "copy_reg._reconstructor",
        "copyreg._reconstructor",
        "__builtin__.object",
        "builtins.object",
        "datetime.date",
        "datetime.datetime",
        "datetime.timedelta",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "types.SimpleNamespace",
    }
)
"""Classes that whole pickled models hold: code is still needed to load them, so not safe."""

_PYTHON_2 = frozenset({"__builtin__", "commands", "copy_reg", "popen2", "urllib2", "cPickle"})
_GADGETS = frozenset(
    {"pip", "setuptools", "pkg_resources", "distutils", "IPython", "_pytest", "pytest", "test"}
    | {"asyncore", "imp", "lib2to3", "smtpd", "asynchat", "turtledemo", "ensurepip", "cffi"}
    | {"dill", "cloudpickle", "pexpect", "ptyprocess", "fabric", "invoke", "sh", "plumbum"}
)
_GADGET_PREFIXES = (
    "numpy.distutils",
    "numpy.f2py",
    "numpy.testing",
    "torch._dynamo.guards",
    "torch._inductor.codecache",
    "torch.distributed.rpc",
    "torch.fx.experimental",
    "torch.jit.unsupported_tensor_ops",
    "torch.utils._config_module",
    "torch.utils.bottleneck",
    "torch.utils.collect_env",
    "torch.utils.cpp_extension",
    "torch.utils.data.datapipes.utils.decoder",
)
_GADGET_NAMES = frozenset(
    {"torch.load", "torch.hub.load", "numpy.load", "joblib.load", "pandas.read_pickle"}
    | {"numpy.fromfile", "numpy.memmap", "numpy.lib.npyio.load", "numpy.loadtxt", "numpy.save"}
    | {"torch.serialization.load", "torch.jit.load", "torch.package.PackageImporter", "torch.save"}
    | {"torch.ops.load_library", "torch.classes.load_library"}
    | {"pandas.eval", "pandas.core.computation.eval.eval", "pandas.io.pickle.read_pickle"}
    | {"joblib.numpy_pickle.load", "joblib.dump", "sklearn.externals.joblib.load"}
    | {"scipy.io.loadmat", "sympy.sympify", "sympy.core.sympify.sympify"}
)
"""Known ways from a library that models need to a command or a file; never all of them, which is
why nothing is called safe for not being among these."""


_PREFIXES = tuple(f"{prefix}." for prefix in _GADGET_PREFIXES)


def is_allowed(module: str, name: str) -> bool:
    """Return whether a checkpoint of mere tensors may ask for this."""
    full = f"{module}.{name}"
    return full in _ALLOWED or bool(
        _TENSOR_CLASSES.fullmatch(full) or _ELEMENT_TYPES.fullmatch(full)
    )


def judge(asked: frozenset[tuple[str, str]]) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on what a pickle asks to import, with a reason for each that counts."""
    foreign = sorted(f"{module}.{name}" for module, name in asked if not is_allowed(module, name))
    dangerous = [
        f"{module}.{name}"
        for module, name in sorted(asked)
        if not is_allowed(module, name) and is_dangerous(module, name)
    ]
    if dangerous:
        return Verdict.REFUSED, tuple(f"asks to run {shown(name)}" for name in dangerous)
    if foreign:
        return Verdict.NEEDS_TRUST, tuple(f"needs the code of {shown(name)}" for name in foreign)
    return Verdict.SAFE, ()


def is_dangerous(module: str, name: str) -> bool:
    """Return whether asking for this can only mean harm."""
    full = f"{module}.{name}"
    if full in _HARMLESS_STDLIB:
        return False
    top = module.partition(".")[0]
    # A dotted name reaches through a harmless module into whatever that one has imported.
    of_python = top in sys.stdlib_module_names or top in _PYTHON_2
    of_main = top == "__main__"
    known = top in _GADGETS or full in _GADGET_NAMES or f"{full}.".startswith(_PREFIXES)
    return "." in name or (of_python and not of_main) or known
