"""What keeps an image from being pinned."""


class PinningError(Exception):
    """No image is pinned, and nothing is written. The text is a sentence for the operator."""


class LookupFailedError(Exception):
    """An image cannot be looked up. The text continues its key in the catalogue."""


def plainly(text: str, longest: int = 200) -> str:
    """Show what a stranger sent: on one line, of bounded length, without control characters."""
    shown = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
