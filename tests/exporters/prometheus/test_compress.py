import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from exporters.prometheus.compress import Gzip

TEXTS = st.lists(st.binary(max_size=5_000), max_size=6)


@given(TEXTS, TEXTS, TEXTS)
def test_any_number_of_streams_go_on_from_a_pause(beginning: list[bytes], one: list[bytes], other: list[bytes]) -> None:
    stream = Gzip()
    kept = b"".join([stream.write(text) for text in beginning]) + stream.pause()
    for rest in (one, other):
        fork = stream.fork()
        whole = kept + b"".join([fork.write(text) for text in rest]) + fork.end()
        assert gzip.decompress(whole) == b"".join(beginning + rest)
        single = zlib.decompressobj(31)  # one member: clients need not know of several
        assert single.decompress(whole) == b"".join(beginning + rest)
        assert single.eof
        assert single.unused_data == b""


@given(TEXTS)
def test_a_stream_without_pause(texts: list[bytes]) -> None:
    stream = Gzip()
    assert gzip.decompress(b"".join([stream.write(text) for text in texts]) + stream.end()) == b"".join(texts)


def test_text_of_a_page_shrinks() -> None:
    page = b"".join(b'ifHCInOctets{instance="sw-1",ifIndex="%d"} %d\n' % (n, n * 7919) for n in range(2_000))
    stream = Gzip()
    assert len(stream.write(page) + stream.end()) < len(page) / 5
