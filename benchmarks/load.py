"""Load from a real client, wrk (apt-get install wrk): requests a second and how long they took."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local paths = {}
init = function(args)
  local host = wrk.headers["Host"]
  for line in io.lines("%s") do
    local path, etag = line:match("^(%%S+)%%s*(.*)$")
    local headers = {["Host"] = host}
    if etag ~= "" then headers["If-None-Match"] = etag end
    paths[#paths + 1] = wrk.format("GET", path, headers)
  end
  math.randomseed(%d)
end
request = function() return paths[math.random(#paths)] end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %%d, "duration": %%d, "p99": %%d, "errors": %%d}',
    summary.requests, summary.duration, latency:percentile(99.0),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: requests a second, the slowest but one in a hundred in milliseconds."""

    per_second: float
    p99: float
    requests: int


def load(
    address: str, asked: Sequence[tuple[str, str]], connections: int, seconds: float, seed: int = 1
) -> Load:
    """Ask for paths at random, each with an ETag or none; raise if any answer was no success."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "paths")
        lines.write_text("".join(f"{path} {etag}\n" for path, etag in asked))
        script = Path(folder, "load.lua")
        script.write_text(_SCRIPT % (lines, seed))
        command = [program, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(script)]
        said = subprocess.run([*command, address], capture_output=True, text=True, check=True)
    found = json.loads(said.stdout[said.stdout.rindex("{") :])
    if found["errors"] or not found["requests"]:
        raise RuntimeError(f"{address}: {found}")
    per_second = found["requests"] / found["duration"] * 1e6
    return Load(per_second, found["p99"] / 1000, found["requests"])
