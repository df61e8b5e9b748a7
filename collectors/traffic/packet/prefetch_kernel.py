"""A hint to the processor: these octets are wanted soon. It reads nothing that a program could see and cannot fault."""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _prefetch(typing_context: Any, array: Any, index: Any, offset: Any) -> Any:
    """Have the cache line `offset` octets into `array[index]` brought near (LLVM's `llvm.prefetch`: read, keep, data).

    `offset` is a number written in the call or a variable, in octets, unsigned.
    """
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        layout = signature.args[0]
        values = context.make_array(layout)(context, builder, arguments[0])
        row = builder.bitcast(builder.gep(values.data, [arguments[1]]), cgutils.voidptr_t)
        pointer = builder.gep(row, [arguments[2]])
        number = ir.IntType(32)
        hint = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]  # numba's
            builder.module,
            ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number]),
            "llvm.prefetch.p0i8",
        )
        builder.call(hint, [pointer, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, index, offset), generate


prefetch: Final[Any] = intrinsic(_prefetch)
