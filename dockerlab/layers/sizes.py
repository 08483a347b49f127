"""Sizes as Docker prints them."""

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def human_size(size: float) -> str:
    """Return `size` bytes in decimal units and three significant digits, as `docker images` does.

    >>> [human_size(n) for n in (0, 999, 13256, 7832145, 230_600_000)]
    ['0B', '999B', '13.3kB', '7.83MB', '231MB']
    """
    unit = 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size /= 1000
        unit += 1
    digits = f"{size:.3g}"
    # 999.9 has three digits too, and %g would write it 1e+03.
    return f"{float(digits):g}{UNITS[unit]}"
