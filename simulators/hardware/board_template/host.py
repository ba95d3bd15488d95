"""Sends an image to the board: python host.py PORT image.npy [--load]. Needs numpy and pyserial.

--load writes the synapses first, which the board forgets when its power goes.
"""

import json
import struct
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
COMMAND, SYNAPSES, ROWS, FIRST_BIAS, BIAS, STATE = range(6)
CLEAR, RUN, EVENT, GROUPS, READOUT, DELAYS, CLASSES = range(7)
BUSY, STEPS, WINNER, CYCLES = range(4)


class Board:
    def __init__(self, line):
        self.line = line

    def write(self, what, where, words):
        for k in range(0, len(words), 65535):
            part = words[k : k + 65535]
            at = what << 21 | (where + k)
            self.line.write(b"W" + at.to_bytes(3, "little") + struct.pack("<H", len(part)))
            self.line.write(np.asarray(part, dtype=np.int64).astype("<u4").tobytes())

    def read(self, what, where):
        self.line.write(b"R" + (what << 21 | where).to_bytes(3, "little"))
        return struct.unpack("<I", self.line.read(4))[0]

    def wait(self):
        while self.read(COMMAND, BUSY):
            time.sleep(0.0001)


def words_of(about, arrays, image):
    """Biases of the first step and of later ones, and rows of the input, for one image."""
    low, high = about["input_range"]
    if image.shape != arrays["centre"].shape or not ((image >= low) & (image <= high)).all():
        print(f"image of shape {image.shape}; allowed: {arrays['centre'].shape}, {low} to {high}")
        sys.exit(2)
    rows = []
    bias = arrays["offset"].copy()
    if about["levels"]:
        levels = np.rint((image - low) * (about["levels"] / (high - low))).astype(int)
        levels = np.append(levels, about["levels"])
        rows = about["inputs"] + np.repeat(np.arange(len(levels)), levels)
    else:
        field = arrays["input_weight"] @ ((image - arrays["centre"]) * about["gain"])
        units = np.rint(field * arrays["scale"]).astype(np.int64)
        bias = bias + units[arrays["unit"]] * arrays["input_sign"]
    limit = about["bias_limit"]
    later = bias.clip(-limit, limit)
    first = (later + arrays["first_less_later"]).clip(-limit, limit)
    return [np.concatenate([b, arrays["rest_of_biases"]]) for b in (first, later)], rows


def main():
    import serial

    port, name = sys.argv[1:3]
    about = json.loads((HERE / "network.json").read_text("utf-8"))
    arrays = np.load(HERE / "network.npz")
    with serial.Serial(port, about["baud"], timeout=5) as line:
        board = Board(line)
        if "--load" in sys.argv:
            board.write(SYNAPSES, 0, arrays["synapses"])
            board.write(ROWS, 0, arrays["rows"])
        for where, value in about["settings"]:
            board.write(COMMAND, where, [value])
        (first, later), rows = words_of(about, arrays, np.load(HERE / name).ravel().astype(float))
        board.write(COMMAND, CLEAR, [0])
        board.write(FIRST_BIAS, 0, first)
        board.write(BIAS, 0, later)
        for row in rows:
            board.write(COMMAND, EVENT, [int(row)])
        board.write(COMMAND, RUN, [1000 | 1 << 31])
        board.wait()
        print(f"class {board.read(COMMAND, WINNER)} after {board.read(COMMAND, STEPS)} steps")
        spikes = [board.read(STATE, int(at)) & 1 for at in arrays["decoder"]]
        up = 2 * np.array(spikes) - 1 == arrays["decoder_sign"]
        print("".join("-+"[int(one)] for one in up))


if __name__ == "__main__":
    main()
