"""The tests. They run on the default settings, whatever the operator of this machine has set."""

import os
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("PAPERBOY_")]:
    del os.environ[_name]
os.environ["PAPERBOY_CONFIG"] = str(Path(__file__).parents[1] / "paperboy.example.toml")
