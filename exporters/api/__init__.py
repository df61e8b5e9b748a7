"""The HTTP interface: what people and programs read of the core and do to it, and alerts that others hand in."""

from exporters.api.app import PREFIX, api_app
from exporters.api.control import ControlSocket
from exporters.api.roles import Role
from exporters.api.settings import ApiSettings

__all__ = ["PREFIX", "ApiSettings", "ControlSocket", "Role", "api_app"]
