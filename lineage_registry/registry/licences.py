"""Licences: what is declared, what passes on, and what contradicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from lineage_registry.domain.licence_table import Obligation
from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, AsOf
from lineage_registry.registry.sending import How

_EVERYTHING = tuple(one.value for one in Obligation)


class LicenceQuestions(Asker):
    """What a registry does and answers about licences."""

    def set_licence(self, reference: str, licence: str | None, **how: Unpack[How]) -> c.Licence:
        """Declare the licence of a model, dataset or version; None takes it back.

        A version's own licence comes before that of its model or dataset. An id that no table or
        definition knows is `unknown`, never permissive. SPDX expressions will do, too:
        `MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND CC-BY-4.0)`.

        Raises:
            InvalidInputError: It can be no id of a licence, and no expression of such ids.
            InvalidReferenceError: It is a run or deployment.
        """
        return self.sender.write(c.DeclareLicence, how, of=reference, licence=licence)

    def define_licence(
        self, licence: str, obligations: Iterable[str], **how: Unpack[How]
    ) -> c.Licence:
        """Say what a licence obliges to that the table does not know.

        Raises:
            AlreadyExistsError: The table knows it.
        """
        return self.sender.write(
            c.DefineLicence, how, licence=licence, obligations=list(obligations)
        )

    def stop_obligations(
        self,
        effect: str,
        cause: str,
        *,
        obligations: Iterable[str] = _EVERYTHING,
        evidence: str | None = None,
        **how: Unpack[How],
    ) -> c.StopAnswer:
        """Say which obligations do not pass from a cause to what comes directly from it.

        Without `obligations` it is all of them; with an empty list, all pass again.

        Raises:
            InvalidInputError: There is no evidence.
            InvalidReferenceError: No carrying edge joins the two.
        """
        return self.sender.write(
            c.StopObligations,
            how,
            effect=effect,
            cause=cause,
            obligations=list(obligations),
            evidence=evidence,
        )

    def licences(self, reference: str, *, as_of: AsOf = None) -> c.Licences:
        """Return the terms that hold for a version, where they come from, and what contradicts.

        Raises:
            InvalidReferenceError: It names no version.
        """
        return self.sender.ask(c.GetLicences, of=reference, as_of=as_of)
