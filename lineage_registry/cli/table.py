"""Every command: its name, what it does in a line, and the function that does it.

The help pages are drawn from this table alone, so that asking for help loads no other code.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Verb(NamedTuple):
    """A command.

    Attributes:
        help: What it does, the first line of the function's docstring.
        target: `module:function` below this package.
        writes: Whether it changes the registry, and so takes a reason and conditions.
        exports: Whether its answer is a table or a graph, and so can be written in other formats.
        without: Parameters of the function that this command does not offer.
    """

    help: str
    target: str
    writes: bool = False
    exports: bool = False
    without: tuple[str, ...] = ()


class Noun(NamedTuple):
    """A group of commands about one kind of thing.

    Attributes:
        help: What they are about.
        verbs: The commands by name.
        default: The one that the group's name alone calls; without one it prints the help page.
    """

    help: str
    verbs: Mapping[str, Verb]
    default: str | None = None


def _family(kind: str) -> dict[str, Verb]:
    article = f"a {kind}"
    return {
        "create": Verb(f"Create {article}.", "catalog:create", writes=True),
        "list": Verb(f"List {kind}s, oldest first.", "catalog:list_all"),
        "show": Verb(f"Show {article}.", "catalog:show"),
        "versions": Verb(f"List the versions of {article}, newest first.", "versions:list_all"),
        "update": Verb(f"Describe, tag or rename {article}.", "catalog:update", writes=True),
        "delete": Verb(
            f"Put {article} out of sight; nothing is destroyed.", "catalog:delete", writes=True
        ),
        "restore": Verb(f"Bring back a deleted {kind}.", "catalog:restore", writes=True),
    }


NOUNS: Final[Mapping[str, Noun]] = {
    "model": Noun("Registered models.", _family("model")),
    "dataset": Noun(
        "Datasets.",
        {
            **_family("dataset"),
            "register": Verb(
                "Register the next version of a dataset.",
                "versions:register",
                writes=True,
                without=("needs", "tested_on", "sibling"),
            ),
        },
    ),
    "version": Noun(
        "Versions of models and datasets.",
        {
            "list": Verb("List the versions of a model or dataset.", "versions:list_all"),
            "search": Verb("Find versions of all models, or of all datasets.", "search:versions"),
            "show": Verb("Show a version.", "versions:show"),
            "files": Verb("List the files of a version.", "versions:files"),
            "update": Verb("Describe or tag a version.", "versions:update", writes=True),
            "measure": Verb("Add measurements to a version.", "versions:measure", writes=True),
            "trust": Verb(
                "Record that you trust a version whose files name code.",
                "versions:trust",
                writes=True,
            ),
            "delete": Verb(
                "Put a version out of sight; nothing is destroyed.", "versions:delete", writes=True
            ),
            "restore": Verb("Bring back a deleted version.", "versions:restore", writes=True),
            "depend": Verb(
                "Record that a model version needs another version.",
                "versions:depend",
                writes=True,
            ),
            "undepend": Verb(
                "End a dependency; it stays visible as of before.", "versions:undepend", writes=True
            ),
        },
    ),
    "run": Noun(
        "Training, evaluation, conversion and import jobs.",
        {
            "start": Verb("Start a run and print its id.", "runs:start", writes=True),
            "log": Verb("Log parameters and metrics of a running run.", "runs:log", writes=True),
            "use": Verb("Record what a running run reads.", "runs:use", writes=True),
            "end": Verb("End a run.", "runs:end", writes=True),
            "show": Verb("Show a run.", "runs:show"),
            "list": Verb("List runs, newest first.", "runs:list_all"),
            "metrics": Verb("Show all values of one metric of a run.", "runs:metrics"),
            "update": Verb("Describe or tag a run.", "runs:update", writes=True),
        },
    ),
    "deployment": Noun(
        "Where model versions serve.",
        {
            "set": Verb("Let a deployment serve a model version.", "deployments:put", writes=True),
            "show": Verb("Show a deployment.", "deployments:show"),
            "list": Verb("List deployments, oldest first.", "deployments:list_all"),
            "delete": Verb(
                "Put a deployment out of sight: it serves no more.",
                "deployments:delete",
                writes=True,
            ),
        },
    ),
    "alias": Noun(
        "Moving names of versions, like champion.",
        {
            "set": Verb("Let an alias name a version.", "lifecycle:set_alias", writes=True),
            "list": Verb("List the aliases of a model or dataset.", "lifecycle:list_aliases"),
            "remove": Verb("Take an alias away.", "lifecycle:remove_alias", writes=True),
        },
    ),
    "stage": Noun(
        "Where versions are in their lives.",
        {
            "list": Verb("List the stages that versions can be in.", "lifecycle:list_stages"),
            "set": Verb("Bring a model version into a stage.", "lifecycle:promote", writes=True),
            "configure": Verb(
                "Set the stages that versions can be in.",
                "lifecycle:configure_stages",
                writes=True,
            ),
        },
    ),
    "taint": Noun(
        "What is not to be trusted, and nothing that comes from it.",
        {
            "raise": Verb("Raise a taint on a thing.", "taints:put", writes=True),
            "lift": Verb("Lift a taint: what it reached is as before.", "taints:lift", writes=True),
            "list": Verb("List the taints that reach a thing.", "taints:list_all", exports=True),
        },
    ),
    "licence": Noun(
        "What things may be used for, and what that asks of what comes from them.",
        {
            "set": Verb("Declare the licence of a thing.", "licences:put", writes=True),
            "remove": Verb("Take a declared licence back.", "licences:remove", writes=True),
            "define": Verb(
                "Say what a licence obliges to that no table knows.", "licences:define", writes=True
            ),
            "stop": Verb(
                "Say which obligations do not pass along an edge.", "licences:stop", writes=True
            ),
            "show": Verb("Show the terms that hold for a version.", "licences:show", exports=True),
        },
    ),
    "tag": Noun(
        "Tags of models, datasets, versions and runs.",
        {
            "set": Verb("Set tags.", "tags:put", writes=True),
            "list": Verb("List the tags of a thing.", "tags:list_all"),
            "remove": Verb("Take tags away.", "tags:remove", writes=True),
        },
    ),
    "log": Noun(
        "The whole log in a file: backup, moving to another engine, a second registry.",
        {
            "export": Verb("Write a verifiable copy of the log to a file.", "log_copies:export"),
            "import": Verb("Append what a copy holds and the log does not.", "log_copies:load"),
        },
    ),
    "draft": Noun(
        "Files collected for a version that is not registered yet.",
        {
            "add": Verb("Put files and folders into a draft.", "drafts:add"),
            "remove": Verb("Take files out of a draft.", "drafts:remove"),
            "show": Verb("Show a draft with its files.", "drafts:show"),
            "inspect": Verb("Say what the files of a draft hold.", "drafts:inspect"),
            "list": Verb("List the drafts.", "drafts:list_all"),
            "discard": Verb("Throw a draft away.", "drafts:discard"),
        },
    ),
    "batch": Noun(
        "The same with many versions: JSON Lines in, one result for each.",
        {
            "register": Verb("Register a version for each line.", "batches:register", writes=True),
            "pull": Verb("Bring the version of each line to a folder.", "batches:pull"),
            "verify": Verb("Check the files of the version of each line.", "batches:verify"),
            "delete": Verb(
                "Put the version of each line out of sight.", "batches:delete", writes=True
            ),
        },
    ),
    "cache": Noun(
        "What was loaded from afar and is kept on this machine.",
        {
            "show": Verb("Show what the cache holds, and how much it may.", "cache:show"),
            "clear": Verb("Empty the cache.", "cache:clear"),
        },
    ),
    "config": Noun(
        "Settings; `config` alone shows them.",
        {"show": Verb("Show the settings that hold here.", "setup:show")},
        default="show",
    ),
}

SECTIONS: Final[Mapping[str, Mapping[str, Verb | Noun]]] = {
    "Every day": {
        "register": Verb("Register the next version of a model.", "versions:register", writes=True),
        "show": Verb("Show anything by its reference.", "anything:show"),
        "search": Verb("Find models, datasets and their versions.", "search:search"),
        "download": Verb("Write verified copies of a version's files.", "files:download"),
        "export-files": Verb(
            "Write a version's files as a folder, tar or zip.", "file_exports:export_files"
        ),
        "import-hub": Verb(
            "Register a repository of the Hugging Face Hub.", "hub:import_hub", writes=True
        ),
        "convert": Verb("Turn a version into another format.", "conversion:convert", writes=True),
        "pull": Verb("Bring a folder to what a version holds.", "pulling:pull"),
    },
    "Lineage": {
        "lineage": Verb(
            "Draw what a thing comes from, as a tree.", "lineage:lineage", exports=True
        ),
        "impact": Verb("Say what is affected if a thing breaks.", "lineage:impact", exports=True),
        "recall": Verb("List the versions that used something.", "recall:recall", exports=True),
        "exposure": Verb("List what reached a version.", "recall:exposure", exports=True),
        "tainted": Verb("List what taints reach.", "taints:tainted", exports=True),
        "siblings": Verb("List versions that share a cause.", "lineage:siblings", exports=True),
        "neighbours": Verb(
            "List what is directly tied to a thing.", "lineage:neighbours", exports=True
        ),
        "paths": Verb(
            "Show the shortest ways from a thing to a cause.", "structure:paths", exports=True
        ),
        "common-ancestors": Verb(
            "List what several things all come from.", "structure:common_ancestors", exports=True
        ),
        "roots": Verb("List what a thing comes from in the end.", "structure:roots", exports=True),
        "leaves": Verb("List what a thing ends in.", "structure:leaves", exports=True),
        "order": Verb("List a lineage in layers, causes first.", "structure:order", exports=True),
        "subgraph": Verb(
            "Draw given things and the edges among them.", "structure:subgraph", exports=True
        ),
        "diff": Verb("Show what differs between two versions.", "comparison:diff", exports=True),
        "staleness": Verb(
            "List versions whose causes have newer versions.", "comparison:staleness", exports=True
        ),
        "lineage-history": Verb(
            "Show what happened to what a thing comes from.",
            "comparison:lineage_history",
            exports=True,
        ),
        "reproducibility": Verb(
            "Say what is known of how a thing was made.", "comparison:reproducibility", exports=True
        ),
        "deletion-preview": Verb(
            "Say what the delete of a thing would do.", "comparison:deletion_preview", exports=True
        ),
        "rebuild-plan": Verb(
            "Say what to make again after a change, in order.",
            "maintenance:rebuild_plan",
            exports=True,
        ),
        "hot-list": Verb("List what most things depend on.", "maintenance:hot_list", exports=True),
        "same-weights": Verb(
            "List the versions that hold the same tensors.",
            "maintenance:same_weights",
            exports=True,
        ),
        "orphans": Verb("List versions of unknown origin.", "maintenance:orphans"),
        "unused": Verb("List things that nothing uses.", "maintenance:unused"),
        "select": Verb("List what a selector means.", "selectors:select", exports=True),
        "export": Verb("Write the lineage graph to a file.", "export:export"),
    },
    "Lifecycle": {
        "promote": Verb("Bring a model version into a stage.", "lifecycle:promote", writes=True),
        "rollback": Verb(
            "Let a stage or alias name again what it named before.",
            "lifecycle:rollback",
            writes=True,
        ),
        "rollback-candidates": Verb(
            "List what a rollback could go to.", "rollback:rollback_candidates", exports=True
        ),
        "history": Verb(
            "Show who moved stages and aliases, when and why.", "lifecycle:history", exports=True
        ),
    },
    "Audit": {
        "report": Verb("Write the audit report of a version.", "audit:report"),
        "events": Verb("Show the audit trail.", "audit:events"),
        "validate": Verb("Check the whole registry.", "audit:validate"),
        "verify": Verb("Check the files of versions.", "integrity:verify"),
    },
    "Things": NOUNS,
    "Set up": {
        "status": Verb("Say what answers here.", "audit:status"),
        "doctor": Verb(
            "Check settings, libraries, graph store and artifact store.", "setup:doctor"
        ),
        "gc": Verb(
            "Remove blobs that nothing names, or say which.", "garbage:collect", writes=True
        ),
        "stats": Verb("Say how much there is.", "integrity:statistics", exports=True),
        "scan": Verb("List the files of a folder here.", "drafts:scan"),
        "import": Verb("Do what rows from elsewhere say.", "importing:load", writes=True),
        "inspect": Verb("Say what model files hold, running nothing of theirs.", "files:inspect"),
        "serve": Verb("Serve the registry over HTTP.", "server:serve"),
        "upgrade": Verb("Replay the log into fresh tables.", "server:upgrade"),
    },
}

TOP: Final[Mapping[str, Verb | Noun]] = {
    name: entry for section in SECTIONS.values() for name, entry in section.items()
}

OTHER_NAMES: Final = {
    "path": "paths",
    "load": "download",
    "ancestors": "lineage",
    "tree": "lineage",
    "ls": "search",
    "stale": "staleness",
    "statistics": "stats",
    "add": "draft add",
    "push": "register",
}
"""What people may try first; they are told the name that works."""
