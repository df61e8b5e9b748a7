"""One instruction that numba has no word for: ask for a cache line before it is needed."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


def _prefetch(_typing: Any, array: Any, row: Any, offset: Any) -> Any:
    """Ask for the line at `offset` octets into a row of a one-dimensional array, to be written to.

    Changes nothing but time, also where the row is not there: LLVM's `llvm.prefetch` cannot fault.
    """
    signature = types.void(array, row, offset)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octet = ir.IntType(8)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        size = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype)))
        base = builder.bitcast(data, octet.as_pointer())
        where = builder.gep(base, [builder.add(builder.mul(arguments[1], size), arguments[2])])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [octet.as_pointer(), number, number, number])
        name = "llvm.prefetch.p0i8" if not getattr(where.type, "is_opaque", False) else "llvm.prefetch.p0"
        call = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(call, [where, number(1), number(3), number(1)])  # to write, keep it near, data
        return context.get_dummy_value()

    return signature, emit


prefetch: Any = intrinsic(_prefetch)
