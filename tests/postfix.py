"""A real Postfix of the test's own: in a private folder, on loopback, with no names looked up anywhere.

It takes any mail on `port`. What goes to the mailbox of `lab.example` lands in a Maildir, plus addresses included; all
else goes on to the sink, a mail server of the test. Needs Debian's package `postfix`, and root, as its daemons change
users.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.stage import free_port

DAEMONS = Path("/usr/lib/postfix/sbin")
NOBODY = 65534

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.lab.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtputf8_enable = yes
soft_bounce = no
biff = no
recipient_delimiter = +
virtual_mailbox_domains = lab.example
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = inline:{{ {{ {mailbox}@lab.example = {mailbox}/ }} }}
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
default_transport = smtp:[127.0.0.1]:{sink}
minimal_backoff_time = 1s
queue_run_delay = 1s
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """One that runs: its port for SMTP, the Maildir of its mailbox, and its log."""

    root: Path
    port: int
    maildir: Path

    @property
    def log(self) -> str:
        """What it has logged, with each message's Message-ID and what became of it."""
        file = self.root / "mail.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    @property
    def master(self) -> int:
        """The process that starts all others."""
        return int((self.root / "queue/pid/master.pid").read_text(encoding="ascii"))

    def start(self) -> None:
        """Start it anew, after its master was killed."""
        _postfix(self.root, "start")

    def came_back(self, count: int, seconds: float = 30) -> list[Path]:
        """The mails that were delivered into the Maildir and not looked at yet, once they are so many."""
        self.until(lambda: len(list((self.maildir / "new").glob("*"))) >= count, seconds)
        return sorted((self.maildir / "new").glob("*"))

    def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for something; what it has logged tells why it did not happen."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"nothing happened within {seconds} s:\n{self.log}"
            time.sleep(0.05)


def unusable() -> str:
    """Why no Postfix can be started here; empty if one can."""
    if not (DAEMONS / "master").exists():
        return "Postfix is not installed: apt-get install postfix"
    return "" if os.geteuid() == 0 else "Postfix starts as root only"


@contextmanager
def postfix(sink: int, mailbox: str = "bounces", **settings: object) -> Iterator[Postfix]:
    """A Postfix that passes all but the mail of its mailbox on to the port `sink`; skips where there can be none.

    `settings` go into its main.cf, in place of ours.
    """
    if why := unusable():
        pytest.skip(why)
    # Its daemons run as other users, who cannot look into pytest's own folders.
    root = Path(tempfile.mkdtemp(prefix="postfix-"))
    root.chmod(0o755)
    try:
        found = _configured(root, sink, mailbox, settings)
        _postfix(root, "start")
        try:
            yield found
        finally:
            _postfix(root, "stop")
    finally:
        shutil.rmtree(root)


def _configured(root: Path, sink: int, mailbox: str, settings: dict[str, object]) -> Postfix:
    port, maildir = free_port(), root / "mail" / mailbox
    values = {"root": root, "daemons": DAEMONS, "mailbox": mailbox, "nobody": NOBODY, "sink": sink, "port": port}
    for name in ("etc", "queue", "mail"):
        (root / name).mkdir()
    for folder in (maildir, *(maildir / name for name in ("tmp", "new", "cur"))):
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
    os.chown(root / "mail", NOBODY, NOBODY)
    usual = dict(line.split(" =", 1) for line in MAIN.format(**values).strip().splitlines())
    lines = [f"{name} ={value}\n" for name, value in {**usual, **settings}.items()]
    (root / "etc/main.cf").write_text("".join(lines), encoding="ascii")
    (root / "etc/master.cf").write_text(MASTER.format(**values), encoding="ascii")
    return Postfix(root, port, maildir)


def _postfix(root: Path, command: str) -> None:
    done = subprocess.run(
        ["/usr/sbin/postfix", "-c", root / "etc", command], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
