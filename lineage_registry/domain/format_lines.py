"""Parts of an inspection in a line each, for facts and for people."""

from collections.abc import Iterable

from lineage_registry.domain.formats import Origin, Port, Quantization


def ports_line(ports: Iterable[Port]) -> str:
    """Return inputs or outputs.

    Example:
        >>> ports_line([Port(name="x", dtype="float32", shape=("batch", 4))])
        'x float32[batch, 4]'
    """
    return ", ".join(map(_port, ports))


def quantization_line(quantization: Quantization | None) -> str:
    """Return how weights are quantised, nothing if they are not.

    Example:
        >>> quantization_line(Quantization(method="Q4_K_M", bits=4.5))
        'Q4_K_M, 4.5 bits'
    """
    if quantization is None:
        return ""
    bits = quantization.bits
    return quantization.method + ("" if bits is None else f", {bits:g} bits")


def origin_line(origin: Origin) -> str:
    """Return what a model is said to come from.

    Example:
        >>> origin_line(Origin(name="gpt2", relation="finetune"))
        'gpt2 (finetune)'
    """
    return origin.name if origin.relation is None else f"{origin.name} ({origin.relation})"


def _port(port: Port) -> str:
    if port.shape is None:
        return f"{port.name} {port.dtype or ''}".strip()
    sizes = ", ".join("?" if size is None else str(size) for size in port.shape)
    return f"{port.name} {port.dtype or ''}[{sizes}]"
