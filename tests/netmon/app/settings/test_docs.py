"""docs/configuration.md names every setting with its default."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from collectors.snmp.settings import CommunityCredential, UserCredential
from netmon.app.settings import schema
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.model import NetmonSettings

DOCS = (Path(__file__).parents[4] / "docs" / "configuration.md").read_text()


IN_THEIR_ROW = {"snmp.profiles", "host.parts"}  # so small that the row of the setting says all of it


def sections() -> dict[str, list[type[BaseModel]]]:
    """Return the heading of each table and the models that it describes; a model has one table, wherever it is used."""
    found: dict[str, list[type[BaseModel]]] = {"netmon.yaml": [NetmonSettings]}
    for name, field in schema.fields(Inventory).items():
        found[name] = schema.models(schema.inside(list(schema.alternatives(field.annotation)), 0))
    waiting: list[tuple[str, type[BaseModel]]] = [("", NetmonSettings)]
    seen: set[type[BaseModel]] = set()
    while waiting:
        above, model = waiting.pop(0)
        for name, field in schema.fields(model).items():
            heading = f"{above}.{name}".removeprefix(".")
            members = list(schema.alternatives(field.annotation))
            held = schema.models([*members, *schema.inside(members, "x"), *schema.inside(members, 0)])
            described = [one for one in dict.fromkeys(held) if one not in seen]
            if described and heading not in IN_THEIR_ROW:
                seen.update(described)
                found |= _tables(heading, described)
                waiting += [(heading, one) for one in described]
    return found


def _tables(heading: str, described: list[type[BaseModel]]) -> dict[str, list[type[BaseModel]]]:
    """Return a table for each model that `kind` chooses, else one for all."""
    kinds = {f"{heading}, kind {tag}": [one] for one in described for tag in schema.choices(_kind(one))}
    return kinds or {heading: described}


def _kind(model: type[BaseModel]) -> list[Any]:
    field = model.model_fields.get("kind")
    return list(schema.alternatives(field.annotation)) if field else []


def rows(heading: str) -> dict[str, str]:
    """Return setting → default of the tables below a heading; a row may name two settings."""
    text = re.split(rf"^##+ {re.escape(heading)}$", DOCS, flags=re.MULTILINE)[1]
    text = re.split(r"^##", text, flags=re.MULTILINE)[0]
    cells = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    return {name: default.strip() for names, default in cells for name in re.findall(r"`(\w+)`", names)}


def shown(default: Any) -> str:
    if default is None:
        return "\N{EN DASH}"
    if isinstance(default, BaseModel):
        return ""
    if isinstance(default, re.Pattern):
        return f"`{default.pattern}`" if len(default.pattern) < 10 else "as node_exporter"
    if isinstance(default, bool):
        return f"`{default}`".lower()
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`" if len(default) <= 10 else "as below"
    return f"`{default:.10g}`" if isinstance(default, float) else f"`{default}`" if default != "" else '`""`'


@pytest.mark.parametrize("heading", sections())
def test_the_table_has_every_setting_and_its_default(heading: str) -> None:
    expected: dict[str, str] = {}
    for model in sections()[heading]:
        for name, field in schema.fields(model).items():
            default = field.get_default(call_default_factory=True, validated_data={})
            required = default is PydanticUndefined or (heading == "credentials" and name == "version")
            expected[name] = "required" if required else shown(default)
    if heading == "netmon.yaml":
        expected["credentials"] = ""
    assert rows(heading) == expected


def test_long_defaults_stand_below_their_table() -> None:
    for heading, models in sections().items():
        text = re.split(rf"^##+ {re.escape(heading)}$", DOCS, flags=re.MULTILINE)[1]
        text = re.split(r"^##", text, flags=re.MULTILINE)[0]
        for field in (field for model in models for field in schema.fields(model).values()):
            default = field.get_default(call_default_factory=True, validated_data={})
            if isinstance(default, tuple) and len(default) > 10:
                assert [item for item in default if _written(item) not in text] == [], heading


def _written(item: Any) -> str:
    """Return how one of many stands in the text: a model as a row of its own, all else as it is."""
    if isinstance(item, BaseModel):
        return f"| {' | '.join(_cell(getattr(item, name)) for name in type(item).model_fields)} |\n"
    return item.pattern if isinstance(item, re.Pattern) else str(item)


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else f"{value:.10g}" if isinstance(value, float) else str(value)


def test_no_table_is_of_something_that_is_no_setting() -> None:
    headings = re.findall(r"^###+ (.+)$", DOCS, re.MULTILINE)
    assert [heading for heading in headings if heading not in sections()] == []


def test_the_tables_of_credentials_are_of_both_kinds() -> None:
    assert sections()["credentials"] == [CommunityCredential, UserCredential]
