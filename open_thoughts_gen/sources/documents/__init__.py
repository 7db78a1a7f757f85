"""Questions, or seeds of questions, from documents: PDF, Word, EPUB, HTML, Markdown and text."""

from open_thoughts_gen.sources.documents.source import Documents as Documents
