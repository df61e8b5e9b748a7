"""recvmmsg(2): many datagrams for one system call, into buffers that are made once. Linux, 64 bits."""

import ctypes
import errno
from typing import Final

import numpy as np

from collectors.traffic.flows.sources_kernel import MESSAGE, NAME_BYTES

_DONTWAIT: Final = 0x40  # MSG_DONTWAIT
_NOTHING: Final = (errno.EAGAIN, errno.EINTR)

_recvmmsg = ctypes.CDLL(None, use_errno=True).recvmmsg
_recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
_recvmmsg.restype = ctypes.c_int


class Mailbox:
    """Room for `count` datagrams of up to `slot_bytes` octets each, and for who sent them.

    `buffer` uint8[count * slot_bytes], `messages` MESSAGE[count], `names` uint8[count * NAME_BYTES].
    """

    def __init__(self, count: int, slot_bytes: int) -> None:
        self.count = count
        self.slot_bytes = slot_bytes
        self.errors = 0  # calls that failed for another reason than that nothing was there
        self.buffer = np.zeros(count * slot_bytes, np.uint8)
        self.names = np.zeros(count * NAME_BYTES, np.uint8)
        self._vectors = np.zeros((count, 2), np.uint64)  # struct iovec: where, how much
        places = np.arange(count, dtype=np.uint64)
        self._vectors[:, 0] = places * np.uint64(slot_bytes) + np.uint64(self.buffer.ctypes.data)
        self._vectors[:, 1] = slot_bytes
        self.messages = np.zeros(count, MESSAGE)
        self.messages["name"] = places * np.uint64(NAME_BYTES) + np.uint64(self.names.ctypes.data)
        self.messages["vectors"] = places * np.uint64(16) + np.uint64(self._vectors.ctypes.data)
        self.messages["vector_count"] = 1
        self.messages["name_length"] = NAME_BYTES
        self._address = self.messages.ctypes.data

    def fill(self, descriptor: int, start: int) -> int:
        """Take what waits in a socket into the rows from `start` on, without waiting; return how many came.

        Before rows are filled again, `sources_kernel.admit` is to have read them.
        """
        room = self.count - start
        if room <= 0:
            return 0
        came: int = _recvmmsg(descriptor, self._address + start * MESSAGE.itemsize, room, _DONTWAIT, None)
        if came < 0:
            self.errors += ctypes.get_errno() not in _NOTHING
            return 0
        return came
