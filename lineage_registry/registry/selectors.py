"""Questions written as selectors."""

from typing import Unpack

from lineage_registry.ports import commands as c
from lineage_registry.registry.asking import Asker, Scope
from lineage_registry.registry.lineage_handle import LineageHandle


class SelectorQuestions(Asker):
    """What a registry answers to a selector."""

    def select(
        self,
        selector: str,
        *,
        limit: int | None = None,
        **scope: Unpack[Scope],
    ) -> LineageHandle:
        """Return the nodes that a selector means, and the lineage edges among them.

        Like `+models:/clf@champion & kind:dataset & tag:pii`: of all that the champion comes from,
        the datasets with that tag. Its own options are those of `subgraph`.

        Raises:
            InvalidQueryError: It cannot be read; `context["position"]` says where.
            NotFoundError: A reference in it is not there.
        """
        answer = self.sender.ask(c.SelectNodes, selector=selector, limit=limit, **scope)
        return LineageHandle.of(answer)
