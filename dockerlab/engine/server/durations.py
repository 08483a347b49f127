"""How long ago something was, in the words of ``docker ps``."""

_MINUTE, _HOUR = 60, 3600


def human_duration(seconds: float) -> str:
    """A length of time, roughly.

    >>> human_duration(0.2), human_duration(75), human_duration(7200)
    ('Less than a second', 'About a minute', '2 hours')
    """
    whole = int(seconds)
    minutes, hours = whole // _MINUTE, int(seconds / _HOUR + 0.5)
    days = hours // 24
    small = {
        "Less than a second": whole < 1,
        "1 second": whole == 1,
        f"{whole} seconds": whole < _MINUTE,
        "About a minute": minutes == 1,
        f"{minutes} minutes": minutes < 60,
        "About an hour": hours == 1,
        f"{hours} hours": hours < 48,
        f"{days} days": days < 14,
        f"{days // 7} weeks": days < 60,
        f"{days // 30} months": days < 730,
    }
    return next(
        (text for text, fits in small.items() if fits), f"{int(seconds / _HOUR) // 8760} years"
    )
