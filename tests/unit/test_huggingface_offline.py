"""The switches of the Hugging Face libraries are put back, however loads overlap."""

import huggingface_hub
import transformers

from lineage_registry.formats.huggingface import pretrained


def test_the_hub_stays_closed_until_the_last_load_is_done(monkeypatch):
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    bars = transformers.utils.logging.is_progress_bar_enabled()
    first, second = pretrained._offline(transformers), pretrained._offline(transformers)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert constants.HF_HUB_OFFLINE
    assert not transformers.utils.logging.is_progress_bar_enabled()
    second.__exit__(None, None, None)
    assert not constants.HF_HUB_OFFLINE
    assert transformers.utils.logging.is_progress_bar_enabled() == bars
