"""What a compiled loop was made of, as a number for its cache's key.

numba keeps compiled code as long as the one file stays the same that the outermost function stands in. Where that
function calls others, in other files, a new release of those would go on as the old one. A loop that has this number
in its closure is compiled anew when any of them changes.
"""

from inspect import getsource
from types import ModuleType
from zlib import crc32


def stamp(*modules: ModuleType) -> int:
    """Return a checksum over the source text of modules."""
    return crc32("\0".join(getsource(module) for module in modules).encode())
