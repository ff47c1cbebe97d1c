"""The tab Cases: outputs that are pinned, their runs at every edit, and the files that they make."""
