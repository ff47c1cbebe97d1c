"""Runs as files that open elsewhere.

report/      one HTML file                  chart_svg   the timeline alone, for slides
markup       text into markup, escaped      svg_paint, svg_layers   what the chart is drawn with
"""
