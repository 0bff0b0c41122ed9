"""A real IMAP server of the test's own, Dovecot, over a Maildir: in a private folder, on loopback, with TLS.

Needs Debian's package `dovecot-imapd`, and root, as its processes change users.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.stage import free_port

DOVECOT = Path("/usr/sbin/dovecot")
NOBODY = 65534
USER, PASSWORD = "bounces@lab.example", "correct horse"

SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
ssl = required
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:{maildir}
first_valid_uid = {nobody}
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={root}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """One that runs; `url` is where its INBOX is."""

    root: Path
    port: int
    maildir: Path

    @property
    def url(self) -> str:
        return f"imaps://{USER.replace('@', '%40')}@127.0.0.1:{self.port}/INBOX"

    @property
    def log(self) -> str:
        return (self.root / "dovecot.log").read_text(encoding="utf-8")

    def put(self, name: str, content: bytes) -> None:
        """A mail arrives."""
        file = self.maildir / "tmp" / name
        file.write_bytes(content)
        os.chown(file, NOBODY, NOBODY)
        file.rename(self.maildir / "new" / name)

    def flags(self) -> dict[str, str]:
        """The mails by name, with their flags."""
        files = (file.name.partition(":2,") for folder in ("new", "cur") for file in (self.maildir / folder).iterdir())
        return {name.partition(",")[0]: flags for name, _, flags in files}


@contextmanager
def dovecot(certificate: Path) -> Iterator[Dovecot]:
    """A Dovecot with that certificate and key, in one PEM file; skips where there can be none."""
    if not DOVECOT.exists():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    if os.geteuid() != 0:
        pytest.skip("Dovecot starts as root only")
    # Its processes run as other users, who cannot look into pytest's own folders.
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)
    found = Dovecot(root, free_port(), root / "home" / "Maildir")
    try:
        _prepare(found, certificate)
        process = subprocess.Popen([DOVECOT, "-F", "-c", root / "dovecot.conf"])
        try:
            _wait(found, process)
            yield found
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(root)


def _prepare(found: Dovecot, certificate: Path) -> None:
    values = {"root": found.root, "port": found.port, "maildir": found.maildir, "nobody": NOBODY}
    settings = SETTINGS.format(**values, certificate=certificate)
    (found.root / "dovecot.conf").write_text(settings, encoding="ascii")
    (found.root / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="ascii")
    for folder in (found.root / "home", found.maildir, *(found.maildir / name for name in ("tmp", "new", "cur"))):
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)


def _wait(found: Dovecot, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while not (found.root / "dovecot.log").exists() or "starting up" not in found.log:
        assert process.poll() is None and time.monotonic() < end, "Dovecot did not start"
        time.sleep(0.05)
