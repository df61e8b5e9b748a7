"""Messages to people: Telegram, e-mail, webhooks, syslog and everything else that apprise knows."""

from exporters.notify.courier import AppriseCourier

__all__ = ["AppriseCourier"]
