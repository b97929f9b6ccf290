"""Several inspections made one: the worst verdict holds for all."""

from collections.abc import Iterable, Sequence

from lineage_registry.domain.formats import Inspection, Verdict

_WORST_FIRST = (Verdict.REFUSED, Verdict.NEEDS_TRUST, Verdict.NOT_INSPECTABLE, Verdict.SAFE)


def joined(found: Sequence[Inspection]) -> Inspection:
    """Return the first inspection with the worst verdict of all, and its reasons.

    What the others import and warn of is added; what they count is not.
    """
    first = found[0]
    worst = min((one.verdict for one in found), key=_WORST_FIRST.index)
    guilty = [one for one in found if one.verdict is worst]
    return first.model_copy(
        update={
            "verdict": worst,
            "reasons": _once(reason for one in guilty for reason in one.reasons),
            "broken": worst is Verdict.REFUSED and all(one.broken for one in guilty),
            "warnings": _once(text for one in found for text in one.warnings),
            "globals": tuple(sorted({name for one in found for name in one.globals})),
            "custom_code": _once(text for one in found for text in one.custom_code),
        }
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
