"""What the operating system says went wrong, in the language in use."""

from netmon.app.text import language
from netmon.app.texts.system import in_indonesian


def why(error: Exception) -> str:
    """Return an error's reason in one line: the system's words where it is the system's, else its own."""
    return translated(getattr(error, "strerror", None) or str(error).partition("\n")[0])


def translated(said: str) -> str:
    """Return what was said with the system's words in the language in use, as where the file's name is to stay."""
    return in_indonesian(said) if language() == "id" else said
