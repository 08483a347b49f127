"""The suites of dockerlab; engines/ starts what they speak to."""
