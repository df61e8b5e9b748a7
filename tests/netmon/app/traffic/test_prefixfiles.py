from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from netmon.api.networks import Networks
from netmon.app.traffic.prefixfiles import PrefixFiles, parse
from rules.traffic.hidden.first_seen import FirstSeen
from rules.traffic.hidden.settings import FirstSeenSettings


class Watched(FirstSeen):
    """Remembers what it was given."""

    def watch(self, lists: Mapping[str, Sequence[IPv4Network | IPv6Network]]) -> None:
        self.given = lists
        super().watch(lists)


def test_one_prefix_a_line_with_comments_and_bad_lines_by_number() -> None:
    found, bad = parse("# a country\n192.0.2.0/24\n\n2001:db8::/32 # v6\nnot-a-prefix\n198.51.100.7\n300.1.1.0/24\n")
    assert found == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"), ip_network("198.51.100.7/32"))
    assert bad == [5, 7]


def test_files_are_read_when_they_change_and_kept_when_they_go(tmp_path: Path) -> None:
    path = tmp_path / "xx.txt"
    path.write_text("192.0.2.0/24\n", encoding="ascii")
    files = PrefixFiles(FirstSeenSettings(lists={"xx": "xx.txt", "yy": "not-there.txt"}), tmp_path)
    rule = Watched(FirstSeenSettings(), Networks())
    assert files.look() is True
    assert files.look() is False
    files.hand_to([rule])
    assert rule.given == {"xx": (ip_network("192.0.2.0/24"),)}
    path.write_text("192.0.2.0/24\n198.51.100.0/24\n", encoding="ascii")
    assert files.look() is True
    path.unlink()
    assert files.look() is False
    files.hand_to([rule])
    assert len(rule.given["xx"]) == 2
    files.configure(FirstSeenSettings())
    assert files.look() is True
    files.hand_to([rule])
    assert rule.given == {}
