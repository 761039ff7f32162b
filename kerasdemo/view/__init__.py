"""Pure functions that turn plain values into text, HTML, SVG, PNG and words."""
