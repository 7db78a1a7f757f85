"""The dataset's description in Croissant 1.0, as JSON-LD.

It names the Parquet files of the default config with their hashes, and every scalar column as a field. Columns that are
lists of structs are left out: readers of Croissant 1.0 do not agree on them. The Hub derives a description of its own
once a dataset is pushed; this one also serves a folder that never was. The specification:
https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from open_thoughts_gen.publish.citation import citation
from open_thoughts_gen.publish.columns import Column
from open_thoughts_gen.publish.front_matter import one_line, repository
from open_thoughts_gen.recipe import Recipe

_TYPES = {"string": "sc:Text", "int64": "cr:Int64", "float64": "cr:Float64", "bool": "sc:Boolean"}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(recipe: Recipe, columns: Sequence[Column], files: Sequence[Path], *, num_rows: int) -> str:
    """Return the description of the default config's files, which lie in `data/` beside it."""
    publish = recipe.publish
    title = one_line(publish.title)
    description: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": re.sub(r"[^A-Za-z0-9_.-]+", "-", recipe.name) or "dataset",
        "description": one_line(publish.purpose) or title,
        "license": publish.license,
        "version": publish.version,
        "citeAs": citation(recipe, num_rows),
        "inLanguage": list(publish.language),
        "keywords": list(publish.tags),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "contentUrl": f"{file.parent.name}/{file.name}",
                "contentSize": f"{file.stat().st_size} B",
                "encodingFormat": "application/x-parquet",
                "sha256": sha256(file),
            }
            for file in files
        ],
        "recordSet": [_record_set(columns, file, only=len(files) == 1) for file in files],
    }
    if publish.authors:
        description["creator"] = [{"@type": "sc:Person", "name": one_line(author)} for author in publish.authors]
    if publish.year:
        description["datePublished"] = f"{publish.year}"
    if repository(recipe):
        description["url"] = f"https://huggingface.co/datasets/{repository(recipe)}"
    return json.dumps(description, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _record_set(columns: Sequence[Column], file: Path, *, only: bool) -> dict[str, Any]:
    name = "default" if only else f"default-{file.stem}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": _TYPES[column.dtype],
                "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
            }
            for column in columns
            if not column.members
        ],
    }
