"""Makes witnesses from their settings. Each kind's client is imported only where one is wanted."""

from collections.abc import Sequence

from exporters.witness.settings import SftpWitness, WebhookWitness, WitnessSettings
from netmon.api import Witness


def make_witnesses(settings: WitnessSettings) -> Sequence[Witness]:
    """Return a witness for each in the settings. They are inert until something is published."""
    return tuple(_make(one) for one in settings.witnesses)


def _make(one: object) -> Witness:
    if isinstance(one, SftpWitness):
        from exporters.witness.sftp import Sftp  # noqa: PLC0415

        return Sftp(one)
    if isinstance(one, WebhookWitness):
        from exporters.witness.webhook import Webhook  # noqa: PLC0415

        return Webhook(one)
    from exporters.witness.mail import Mail  # noqa: PLC0415

    return Mail(one)  # type: ignore[arg-type]  # the only kind that is left
