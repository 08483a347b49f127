"""Widgets: one folder each, with the Python side, the browser's side, and its looks.

    widget.py    an anywidget, its messages typed, its still form saved with the notebook
    widget.js    what the browser runs; `make widgets` bundles it into `bundles/`
    style.css

What opens them by the names a learner types is `dockerlab.notebook.widgets`.
"""
