"""What is wrong with a prefix of exporters is told once and plainly."""

import pytest
from pydantic import ValidationError

from collectors.traffic.flows.settings import FlowListenSettings


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("10.0.0.1/8", "'10.0.0.1/8' is an address in a prefix; write 10.0.0.0/8"),
        ("2001:db8::1/32", "'2001:db8::1/32' is an address in a prefix; write 2001:db8::/32"),
        ("10.0.0.0/33", "'10.0.0.0/33' is no prefix; write one as 10.20.0.0/16 or 2001:db8::/32"),
        ("router", "'router' is no prefix; write one as 10.20.0.0/16 or 2001:db8::/32"),
        (10, "10 is no prefix; write one as 10.20.0.0/16 or 2001:db8::/32"),
    ],
)
def test_a_bad_prefix_is_told_once(given: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FlowListenSettings.model_validate({"allow": ["10.1.0.0/16", given]})
    assert [(one["loc"], one["msg"]) for one in caught.value.errors()] == [(("allow", 1), f"Value error, {told}")]


def test_prefixes_and_single_addresses_are_taken() -> None:
    texts = ["10.1.0.0/16", "192.0.2.1", "2001:db8::/32", "2001:db8::1"]
    settings = FlowListenSettings.model_validate({"allow": texts})
    assert [str(one) for one in settings.allow] == ["10.1.0.0/16", "192.0.2.1/32", "2001:db8::/32", "2001:db8::1/128"]
    assert FlowListenSettings.model_validate_json(settings.model_dump_json()) == settings
