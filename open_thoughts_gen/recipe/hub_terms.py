"""The licenses and tasks that the Hugging Face Hub knows.

A card with a license or task that the Hub does not know shows none at all, without a warning. So a recipe is checked
against these lists before anything is spent. Being `Literal` types, they give pydantic its check, the JSON schema its
completions, and a misspelt value its "did you mean".

Licenses: the table of https://huggingface.co/docs/hub/repositories-licenses. Tasks: `pipelines.ts` of
https://github.com/huggingface/huggingface.js, without those that the Hub no longer lists as tasks of their own
(`text2text-generation` is a subtask of `text-generation` today). `TASK_IDS` are the
subtasks of the tasks that texts have.
"""

from __future__ import annotations

from typing import Literal

UNSTATED = "unknown"  # the Hub's word on a card whose license nobody has stated

License = Literal[
    "apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-4.0",
    "cc-by-nc-nd-4.0", "cc", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-sa-3.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
    "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-nd-3.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "odc-by", "odbl", "pddl", "c-uda", "openmdw-1.0", "openmdw-1.1", "bsd", "bsd-2-clause",
    "bsd-3-clause", "bsd-3-clause-clear", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "lgpl-lr",
    "agpl-3.0", "gfdl", "mpl-2.0", "isc", "afl-3.0", "artistic-2.0", "bsl-1.0", "ecl-2.0", "epl-1.0", "epl-2.0",
    "etalab-2.0", "eupl-1.1", "eupl-1.2", "lppl-1.3c", "ms-pl", "ncsa", "ofl-1.1", "osl-3.0", "postgresql",
    "unlicense", "wtfpl", "zlib", "openrail", "openrail++", "bigscience-openrail-m", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "deepfloyd-if-license", "llama2", "llama3", "llama3.1",
    "llama3.2", "llama3.3", "llama4", "gemma", "apple-ascl", "apple-amlr", "intel-research", "h-research",
    "fair-noncommercial-research-license", "unknown", "other",
]  # fmt: skip

Task = Literal[
    "text-generation", "question-answering", "text-classification", "multiple-choice", "table-question-answering",
    "zero-shot-classification", "reinforcement-learning", "text-ranking", "text-retrieval", "tabular-classification",
    "tabular-regression", "tabular-to-text", "table-to-text", "graph-ml", "token-classification", "translation",
    "summarization", "feature-extraction", "fill-mask", "sentence-similarity", "time-series-forecasting", "robotics",
    "image-text-to-text", "visual-question-answering", "document-question-answering", "visual-document-retrieval",
    "video-text-to-text", "audio-text-to-text", "any-to-any", "text-to-speech", "text-to-audio",
    "automatic-speech-recognition", "audio-to-audio", "audio-classification", "voice-activity-detection",
    "depth-estimation", "image-classification", "object-detection", "image-segmentation", "text-to-image",
    "image-to-text", "image-to-image", "image-to-video", "unconditional-image-generation", "video-classification",
    "text-to-video", "zero-shot-image-classification", "mask-generation", "zero-shot-object-detection", "text-to-3d",
    "image-to-3d", "image-feature-extraction", "keypoint-detection", "other",
]  # fmt: skip

TASK_IDS = frozenset(
    """
    acceptability-classification entity-linking-classification fact-checking hate-speech-detection
    intent-classification language-identification multi-class-classification multi-input-text-classification
    multi-label-classification natural-language-inference semantic-similarity-classification
    semantic-similarity-scoring sentiment-analysis sentiment-classification sentiment-scoring text-scoring
    topic-classification coreference-resolution lemmatization named-entity-recognition parsing part-of-speech
    word-sense-disambiguation closed-domain-qa extractive-qa open-domain-qa multiple-choice-qa
    multiple-choice-coreference-resolution abstractive-qa closed-book-qa conversational dialogue-generation
    dialogue-modeling explanation-generation language-modeling open-book-qa text-simplification
    text2text-generation task-planning news-articles-headline-generation news-articles-summarization
    document-retrieval entity-linking-retrieval fact-checking-retrieval utterance-retrieval masked-language-modeling
    slot-filling tabular-multi-class-classification tabular-multi-label-classification
    tabular-single-column-regression rdf-to-text document-question-answering
    """.split()
)
