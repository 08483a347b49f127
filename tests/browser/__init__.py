"""JupyterLab as a learner sees it: a real server, a real Chromium."""
