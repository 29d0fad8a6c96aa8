"""Takes secrets out of what is logged, wherever they came from.

Our programs log none on purpose. But an address, an answer or an exception of a library may have
one in it, and a log is kept, and read by more people than may use it.
"""

import re
from collections.abc import Callable, Mapping

REDACTED = "[secret]"
"""As JupyterHub and Jupyter Server write it in addresses."""

_NAME = (
    r"[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|passcode|credential|cookie|xsrf|csrf|"
    r"assertion|verifier|(?:private|api|access|encryption)[_-]?key)s?"
)
"""Of fields whose value is a secret, such as ``id_token`` and ``DB_PASSWORD``."""
_IN_ADDRESS = rf"{_NAME}|(?=[\w.-]*(?:auth|key|code|state|ticket|nonce|signature|session))[\w.-]++"
"""In the query of an address more are: OAuth's ``code`` and ``state``."""
_HEADER = r"(?:proxy-)?authorization|(?:set-)?cookie2?|x-(?:xsrf|csrf)-?token|x-api-key|x-auth-\w+"
_REST_OF_TEXT = r"""(?P<quote>["'])(?:\\+.|(?!(?P=quote)).)*"""
_REST_OF_QUOTED_TEXT = r"""(?P<quote>\\+["'])(?:(?!(?P=quote)).)*"""
"""The same in JSON within a text, where quotes are escaped."""
_VALUE = r"""(?!\[secret\])[^\s&;,#"'<>)\]}\\]+"""

_WHOLE = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)",
    r"\bAGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+",
    # A JSON Web Token. What only begins as one is matched to its end, too, so that it is read once.
    r"\beyJ(?:[\w-]{8,}+\.[\w-]{2,}(?:\.[\w-]*)?|(?P<kept>[\w-]*+))",
)
"""What is a secret by its own form."""
_AFTER = (
    # A header, or a field of JSON or of Python.
    *(
        rf"(?P<before>(?:{name})\\*[\"']\s*[:,]\s*b?){rest}"
        for name in (rf"\b(?:{_HEADER})", rf"(?<=[\"'])(?:{_NAME})")
        for rest in (_REST_OF_TEXT, _REST_OF_QUOTED_TEXT)
    ),
    # A header by itself: to the end of the line.
    rf"(?P<before>\b(?:{_HEADER})\s*:\s*)(?!\[secret\])[^\s][^\r\n]*",
    # https://NAME:PASSWORD@HOST, also of a database.
    r"(?P<before>\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'?#]*:)[^\s/@\"']+(?=@)",
    r"(?P<before>/api/authorizations/(?:cookie|token)/)[^\s?\"']+",  # older versions of JupyterHub
    rf"(?P<before>[?&;#](?:{_IN_ADDRESS})=){_VALUE}",
    # The same within a parameter, such as where to go after signing in; maybe within another one.
    rf"(?P<before>%(?:25)*(?:3F|26|23|3B)(?:{_IN_ADDRESS})%(?:25)*3D)(?:(?!%(?:25)*(?:26|23|3B))[^\s&\"'<>])+",
    # A field of a form, an environment or a command line.
    rf"(?P<before>(?<![\w.-])(?:--)?(?:{_NAME})\s*=\s*b?[\"']?){_VALUE}",
    r"(?P<before>(?<![\w.-])(?:code|state|nonce)=)[\w.~%+/-]{12,}",
    # "Bearer …", "token …": long, and with a digit, as words of a sentence are not.
    r"(?P<before>\b(?:bearer|token|basic)\s+)(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*",
)
"""What is one by what is before it."""
_FLAGS = re.IGNORECASE | re.DOTALL


def _unless_kept(match: re.Match[str]) -> str:
    return REDACTED if match.groupdict().get("kept") is None else match[0]


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    *((re.compile(each, _FLAGS), _unless_kept) for each in _WHOLE),
    *(
        (re.compile(each, _FLAGS), rf"\g<before>{quote}{REDACTED}")
        for each in _AFTER
        for quote in [r"\g<quote>" if "<quote>" in each else ""]
    ),
)
_HINT = re.compile(
    r"token|secret|passw|passphrase|passcode|credential|cookie|csrf|xsrf|assertion|verifier|key|auth|"
    r"code|state|ticket|nonce|signature|session|bearer|basic|eyj|://",
    _FLAGS,
)
"""In each text that a rule changes. Most lines have none, and the hub writes many."""
_SECRET_FIELD = re.compile(rf"{_NAME}|{_HEADER}", _FLAGS)


def redacted(text: str) -> str:
    """Return the text with `REDACTED` in place of each secret that can be told by its form."""
    if not _HINT.search(text):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redacted_value(value: object) -> object:
    """Return the value of a field as JSON has it, without secrets in whatever it contains."""
    if isinstance(value, Mapping):
        return {str(key): _of_field(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted_value(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted(str(value))


def _of_field(name: str, value: object) -> object:
    if isinstance(value, str | bytes) and value and _SECRET_FIELD.fullmatch(name):
        return REDACTED
    return redacted_value(value)
