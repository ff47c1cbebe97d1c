"""One run as one HTML file, which opens anywhere: no script, no request, everything in it.

write_html(records) -> str          the file            read_embedded(html) -> bytes       its events again, as JSONL
"""

from refine_core.export.report.embedding import EmbeddingError, embed_events, read_embedded
from refine_core.export.report.page import write_html

__all__ = ["EmbeddingError", "embed_events", "read_embedded", "write_html"]
