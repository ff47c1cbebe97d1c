"""The timeline of a run as SVG: in the one HTML file and in notebooks, and alone, for slides.

svg      the chart of a run        layers      each layer of it        legend      what its marks mean        paint      its colours: by class, or as attributes
"""

from refine_core.export.chart.svg import draw_chart, write_svg

__all__ = ["draw_chart", "write_svg"]
