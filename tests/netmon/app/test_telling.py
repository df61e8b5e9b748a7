"""Short names of series."""

from hypothesis import given
from hypothesis import strategies as st

from netmon.app.telling import labels_of, told_apart

LIGHT = 'netmon_optical_rx_power_dbm{sensor="Te1/1/1 Receive Power Sensor",ifIndex="25",ifName="Te1/1/1",mib="X-MIB"}'


def test_what_people_call_it_by() -> None:
    assert told_apart([labels_of(LIGHT)]) == ["Te1/1/1"]
    disks = [{"instance": name, "mountpoint": part, "site": "a"} for name in ("a", "b") for part in ("/", "/srv")]
    assert told_apart(disks) == ["a /", "a /srv", "b /", "b /srv"]
    assert told_apart([{}]) == ["-"]
    assert told_apart([{"zone": "a"}]) == ["zone=a"]
    assert told_apart([{"__name__": "load", "mib": "X"}]) == ["load"]


def test_more_only_where_it_tells_apart() -> None:
    sensors = [{"sensor": "CPU", "mib": "X", "slot": slot, "__name__": "heat"} for slot in ("1", "2")]
    assert told_apart(sensors) == ["CPU slot=1", "CPU slot=2"]
    both = [{"ifName": "eth0", "__name__": name} for name in ("in", "out")]
    assert told_apart(both) == ["eth0 in", "eth0 out"]
    three = [{"mountpoint": "/", "storage": "a"}, {"mountpoint": "/", "storage": "b"}, {"mountpoint": "/c"}]
    assert told_apart(three) == ["/ storage=a", "/ storage=b", "/c"]
    assert told_apart([{"mountpoint": "/"}, {"ifName": "eth0"}]) == ["/", "eth0"]


def test_labels_as_promql_writes_them() -> None:
    assert labels_of(LIGHT)["ifName"] == "Te1/1/1"
    assert labels_of(r'used{mountpoint="a\\b\"{c}"}') == {"__name__": "used", "mountpoint": r"a\b" + '"{c}'}
    assert labels_of("bits") == {"__name__": "bits"}
    assert labels_of("\x1b[2Jx{") == {"__name__": "\x1b[2Jx{"}


NAMES = st.sampled_from(["__name__", "instance", "mountpoint", "ifName", "mib", "slot"])


@given(st.lists(st.dictionaries(NAMES, st.sampled_from("ab")), min_size=1, max_size=8))
def test_the_same_series_the_same_name_and_as_many_names_as_its_labels_allow(series: list[dict[str, str]]) -> None:
    told = told_apart(series)
    named = {tuple(sorted(labels.items())): text for labels, text in zip(series, told, strict=True)}
    assert all(named[tuple(sorted(labels.items()))] == text for labels, text in zip(series, told, strict=True))
    assert all(told)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cd"), st.sampled_from("ef")), min_size=1, unique=True)
)
def test_different_series_have_different_names(found: list[tuple[str, str, str]]) -> None:
    told = told_apart([{"instance": one, "ifName": two, "mib": three} for one, two, three in found])
    assert len(set(told)) == len(found)
