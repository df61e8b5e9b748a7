"""A file on another host over SFTP. The host's key is always verified; ours comes from a file."""

import asyncio
import stat
from contextlib import closing

import paramiko

from exporters.witness.line import line_of
from exporters.witness.settings import SftpWitness
from netmon.api import Rejected, Retryable


class Sftp:
    """Appends to one file. Each checkpoint has a connection of its own: they are minutes apart."""

    def __init__(self, settings: SftpWitness) -> None:
        self.name = settings.name
        self.interval_s = settings.interval_s
        self._settings = settings
        self._torn = False  # the last attempt may have left half a line

    async def publish(self, note: bytes, time: float) -> None:
        """Append the checkpoint as a line. Raises Retryable or Rejected."""
        data = line_of(note, time)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await asyncio.to_thread(self._append, data)
        except TimeoutError:
            self._torn = True
            raise Retryable(f"{self._settings.host} did not take it within {self._settings.timeout_s:g} s") from None

    def _append(self, data: bytes) -> None:
        """Connect, append, disconnect; runs in a thread that its sockets' timeouts end."""
        host = self._settings.host
        try:
            with closing(self._client()) as client:
                self._write(client, data)
        except paramiko.BadHostKeyException:
            raise Rejected(f"{host} has another key than the one we know: it is not the host that was meant") from None
        except paramiko.AuthenticationException:
            raise Rejected(f"{host} does not accept our key for {self._settings.user}") from None
        except (PermissionError, FileNotFoundError) as error:
            raise Rejected(f"{self._settings.path} on {host} cannot be written: {error.strerror or error}") from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            if "not found in known_hosts" in str(error):
                raise Rejected(f"the key of {host} is not among those we know") from None
            raise Retryable(f"{host}: {type(error).__name__} {error}") from None

    def _client(self) -> paramiko.SSHClient:
        """Return a connection to the host that is meant."""
        settings = self._settings
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._know(client)
        key = self._key()
        try:
            client.connect(
                settings.host,
                settings.port,
                settings.user,
                pkey=key,
                timeout=settings.timeout_s,
                banner_timeout=settings.timeout_s,
                auth_timeout=settings.timeout_s,
                channel_timeout=settings.timeout_s,
                allow_agent=False,
                look_for_keys=False,
            )
        except BaseException:
            client.close()
            raise
        return client

    def _know(self, client: paramiko.SSHClient) -> None:
        """Tell the client which keys the host may have."""
        settings = self._settings
        try:
            if settings.known_hosts_file is not None:
                client.load_host_keys(str(settings.known_hosts_file))
                return
            name = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {settings.host_key}")
        except paramiko.hostkeys.InvalidHostKey:
            entry = None
        except (OSError, paramiko.SSHException) as error:
            raise Rejected(f"the host's key cannot be read: {error}") from None
        if entry is None or entry.key is None:
            raise Rejected("host_key is not a key; write it as in known_hosts, without the host: ssh-ed25519 AAAA…")
        client.get_host_keys().add(name, entry.key.get_name(), entry.key)

    def _key(self) -> paramiko.PKey:
        settings = self._settings
        phrase = settings.key_passphrase
        try:
            if settings.key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Rejected(f"{settings.key_file} must be readable by its owner alone (chmod 0600)")
            secret = phrase.get_secret_value().encode() if phrase is not None else None
            return paramiko.PKey.from_path(settings.key_file, secret)  # type: ignore[arg-type]  # bytes, whatever it says
        except (OSError, ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
            raise Rejected(f"{settings.key_file} cannot be used: {error}") from None

    def _write(self, client: paramiko.SSHClient, data: bytes) -> None:
        with client.open_sftp() as sftp:
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self._settings.timeout_s)
            with sftp.open(self._settings.path, "a") as file:
                whole = b"\n" + data if self._torn else data
                self._torn = True
                file.write(whole)
                file.flush()
        self._torn = False
