"""Faults that were made where no language is known, in the language in use."""

from dataclasses import replace

from netmon.api import ConfigError, Fault
from netmon.app.text import language
from netmon.app.texts.said import in_indonesian


def worded(fault: Fault) -> Fault:
    """Return a fault in the language in use; as it was put where it is in it already, or has no row."""
    found = in_indonesian(f"{fault.problem}; {fault.remedy}") if language() == "id" else None
    return fault if found is None else replace(fault, problem=found[0], remedy=found[1])


def in_words(error: ConfigError) -> ConfigError:
    """Return all of an error's faults in the language in use."""
    return ConfigError(*map(worded, error.faults))
