"""One instruction that numba has no word for: ask for octets before they are needed."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


def _prefetch(_typing: Any, buffer: Any, place: Any) -> Any:
    """Ask for the cache line of an octet in a buffer (u8[]), to be read.

    Changes nothing but time, also where the octet is not there: LLVM's `llvm.prefetch` cannot fault.
    """
    signature = types.void(buffer, place)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octet, number = ir.IntType(8), ir.IntType(32)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        where = builder.gep(builder.bitcast(data, octet.as_pointer()), [arguments[1]])
        kind = ir.FunctionType(ir.VoidType(), [octet.as_pointer(), number, number, number])
        name = "llvm.prefetch.p0i8" if not getattr(where.type, "is_opaque", False) else "llvm.prefetch.p0"
        call = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(call, [where, number(0), number(3), number(1)])  # to read, keep it near, data
        return context.get_dummy_value()

    return signature, emit


prefetch: Any = intrinsic(_prefetch)
