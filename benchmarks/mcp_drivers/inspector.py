"""The command line of the inspector, which connects anew for each wish; see `python_sdk.py`.

Version 0.15.0 has no option for a token.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NAME, HOME, SERVER = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
TIMEOUT = 120  # seconds


def asked(method: str, *more: str) -> Any:
    """Return the result of one request."""
    with tempfile.TemporaryDirectory() as folder:
        return _asked(Path(folder) / "inspector.json", method, *more)


def _asked(config: Path, method: str, *more: str) -> Any:
    if "url" in SERVER:
        server = [SERVER["url"], "--transport", "http"]
    else:
        command, *arguments = SERVER["command"]
        process = {"command": command, "args": arguments}
        config.write_text(json.dumps({"mcpServers": {"memory": process}}))
        server = ["--config", str(config), "--server", "memory"]
    program = HOME / "node_modules" / ".bin" / "mcp-inspector"
    told = subprocess.run(
        [program, "--cli", *server, "--method", method, *more],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if told.returncode:
        raise RuntimeError(f"{told.stdout}{told.stderr}"[-2000:])
    return json.loads(told.stdout)


def done(wish: dict[str, Any]) -> Any:
    if wish["do"] == "list":
        return [tool["name"] for tool in asked("tools/list")["tools"]]
    if wish["do"] == "read":
        read = asked("resources/read", "--uri", wish["uri"])
        return "".join(part["text"] for part in read["contents"])
    arguments = []
    for name, value in wish["arguments"].items():
        written = value if isinstance(value, str) else json.dumps(value)
        arguments += ["--tool-arg", f"{name}={written}"]
    result = asked("tools/call", "--tool-name", wish["tool"], *arguments)
    kinds = [block["type"] for block in result["content"]]
    return {
        "failed": result.get("isError", False),
        "text": "\n".join(b["text"] for b in result["content"] if b["type"] == "text"),
        "media": kinds.count("image") + kinds.count("audio"),
    }


manifest = HOME / "node_modules" / NAME / "package.json"
print(json.dumps(json.loads(manifest.read_text())["version"]), flush=True)
for line in sys.stdin:
    print(json.dumps(done(json.loads(line))), flush=True)
