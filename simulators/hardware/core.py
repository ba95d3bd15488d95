"""The core: a mapped network as a digital circuit, in Amaranth.

One step of the graph is

    x_k = sum of the weights that arrive, bias included
    v_k <- sgn(v_k) (|v_k| >> 12) + 64 x_k,    spike and v_k <- 0 where v_k > 0

A membrane is needed in the next step by its residue sgn(v) (|v| >> 12) alone, so that is what the core
keeps, beside the spike. Sums are kept too, and only neurons whose spike *changed* add or take away
their row of weights: exact, and the fewer rows the nearer the network is to rest.

    host bus ---> rows ---> synapses ---> + <---> sums ---.
                   ^                                      v
                   |        biases ---------------------> + ---> compare ---> spikes, residues
                   '------- queue of flips <------------------------'

Memories are by *lane*: target k lies in lane k mod L, and a word of the synapse memory holds one
synapse for each lane. Readout neurons are the last targets; they never spike, and the highest
membrane names the class. Flips of the last steps stay in a ring, so that a delay d is nothing but a
second walk through the flips of d steps ago, with the rows of that delay.

The address of the host bus is 3 bits of what (`COMMAND` … `STATE`) and 21 bits of where.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

COMMAND, SYNAPSES, ROWS, FIRST_BIAS, BIAS, STATE = range(6)  # what an address names
CLEAR, RUN, EVENT, GROUPS, READOUT, DELAYS, CLASSES = range(
    7
)  # commands, by the rest of the address
BUSY, STEPS, WINNER, CYCLES = range(4)  # what a command address reads as
STOP = 1 << 31  # of RUN: stop at rest
NEGATIVE = 1 << 31  # of EVENT: take the row away instead of adding it
SUM_BITS = 18  # 24 bits of membrane, of which a weight unit is 64
RESIDUE_BITS = 13
WHERE = 21  # bits of an address below what it names


def clog2(number: int) -> int:
    """Bits that tell so many things apart, at least 1.

    Examples
    --------
    >>> clog2(2), clog2(300)
    (1, 9)
    """
    return max(1, (number - 1).bit_length())


@dataclass(frozen=True)
class Shape:
    """What is fixed when a core is built: the depth and width of its memories.

    Parameters
    ----------
    lanes : int
        Synapses that are added at a time, a power of two.
    groups : int
        Targets of each lane, readout included.
    words : int
        Words of synapse memory.
    rows : int
        Rows of synapses: one for each neuron and delay, each supervisory and each input neuron.
    delays : int
        Different delays, 1 if all synapses take one step.
    weight_bits : int
        Of a weight, sign included.
    shift : int
        All weights are multiples of 2**shift, and stored without it.
    bias_bits : int
        Of a bias, sign included.
    spram : bool
        Synapses in the single-port memories of an iCE40 UP5K.
    """

    lanes: int = 1
    groups: int = 2**12
    words: int = 2**20
    rows: int = 2**18
    delays: int = 64
    weight_bits: int = SUM_BITS
    shift: int = 0
    bias_bits: int = SUM_BITS
    spram: bool = False

    @property
    def lane_bits(self) -> int:
        """Bits of a target's number that name its lane."""
        return (self.lanes - 1).bit_length()

    @property
    def group_bits(self) -> int:
        """Bits of a target's number that name its place in the lane."""
        return clog2(self.groups)

    @property
    def word_bits(self) -> int:
        """Bits of a synapse: where it ends, and its weight."""
        return self.group_bits + self.weight_bits

    @property
    def ring_bits(self) -> int:
        """Bits of a place in the ring of flips."""
        return clog2(self.groups * self.delays + 1)


@dataclass(frozen=True)
class Ports:
    """Wires of a memory, one port to read and one to write."""

    read_addr: Signal
    read_data: Signal
    write_en: Signal
    write_addr: Signal
    write_data: Signal


def _memory(m: Module, name: str, width: int, depth: int, file: str = "") -> Ports:
    """A memory of a power of two words: simulators refuse what lies beyond, even unread.

    It is a line of Verilog, ``ram.v``, since Amaranth's own writes a value for every word.
    """
    bits = clog2(depth)
    widths = {"read_addr": bits, "read_data": width, "write_en": 1, "write_addr": bits}
    wires = {key: Signal(n, name=f"{name}_{key}") for key, n in widths.items()}
    wires["write_data"] = Signal(width, name=f"{name}_write_data")
    given: dict[str, object] = {
        f"{'o' if key == 'read_data' else 'i'}_{key}": wire for key, wire in wires.items()
    }
    m.submodules[name] = Instance(
        "spinspike_ram", p_WIDTH=width, p_BITS=bits, p_FILE=file, i_clk=ClockSignal(), **given
    )
    return Ports(**wires)


def _plus(total: Signal, weight: Value, negative: Signal) -> Value:
    """A sum or a difference in one adder: below the numbers, a place whose carry is the missing 1."""
    turned = Cat(*(weight[min(k, len(weight) - 1)] ^ negative for k in range(SUM_BITS)))
    return (Cat(negative, total) + Cat(negative, turned))[1 : SUM_BITS + 1]


class SinglePort(wiring.Component):
    """Synapse memory of one lane in the single-port memories of an iCE40 UP5K, 16384 x 16 bits each."""

    def __init__(self, width: int, depth: int) -> None:
        self.blocks = -(-width // 16), -(-depth // 16384)
        self.width = width
        super().__init__(
            {
                "addr": In(clog2(depth)),
                "data": Out(width),
                "wr_en": In(1),
                "wr_data": In(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """As many blocks as are needed, side by side and one after another."""
        m = Module()
        wide, deep = self.blocks
        high = Signal(max(1, len(self.addr) - 14))
        m.d.sync += high.eq(self.addr[14:] if len(self.addr) > 14 else 0)
        columns = []
        for row in range(deep):
            outs = [Signal(16, name=f"out_{row}_{k}") for k in range(wide)]
            here = (self.addr[14:] == row) if deep > 1 else Const(1)
            padded = Signal(16 * wide, name=f"padded_{row}")
            m.d.comb += padded.eq(self.wr_data)
            for k, out in enumerate(outs):
                m.submodules[f"block_{row}_{k}"] = Instance(
                    "SB_SPRAM256KA",
                    i_ADDRESS=self.addr[:14],
                    i_DATAIN=padded[16 * k : 16 * (k + 1)],
                    i_MASKWREN=Const(15, 4),
                    i_WREN=self.wr_en & here,
                    i_CHIPSELECT=Const(1),
                    i_CLOCK=ClockSignal(),
                    i_STANDBY=Const(0),
                    i_SLEEP=Const(0),
                    i_POWEROFF=Const(1),
                    o_DATAOUT=out,
                )
            columns.append(Cat(*outs)[: self.width])
        chosen = columns[0]
        for row, column in enumerate(columns[1:], 1):
            chosen = Mux(high == row, column, chosen)
        m.d.comb += self.data.eq(chosen)
        return m


class Core(wiring.Component):
    """The circuit of a shape; see the module.

    Parameters
    ----------
    shape : Shape
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        lanes = shape.lanes
        super().__init__(
            {
                "wr_en": In(1),
                "wr_addr": In(WHERE + 3),
                "wr_data": In(32),
                "rd_addr": In(WHERE + 3),
                "rd_data": Out(32),
                "busy": Out(1),
                # what a step does to a group of targets, for whoever looks on
                "trace_en": Out(1),
                "trace_group": Out(shape.group_bits),
                "trace_spikes": Out(lanes),
                "trace_membranes": Out(32 * lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Memories, the walk through a row, the scan over all targets, and what orders them."""
        m, s = Module(), self.shape
        lanes, group_bits = range(s.lanes), s.group_bits
        address = clog2(s.words)

        # --- memories, and what the host writes into them
        what, where = self.wr_addr[WHERE:], self.wr_addr[:WHERE]
        place = where[s.lane_bits :]
        walk_at = Signal(address)
        sums, states, biases, synapses = [], [], [], []
        for lane in lanes:
            mine = self.wr_en & (where[: s.lane_bits] == lane if s.lanes > 1 else Const(1))
            total = _memory(m, f"sums_{lane}", SUM_BITS, s.groups)
            sums.append(total)
            state = _memory(m, f"states_{lane}", RESIDUE_BITS + 1, s.groups)
            states.append(state)
            bias = _memory(m, f"biases_{lane}", s.bias_bits, 2 * 2**group_bits)
            m.d.comb += [
                bias.write_en.eq(mine & ((what == FIRST_BIAS) | (what == BIAS))),
                bias.write_addr.eq(Cat(place[:group_bits], what == BIAS)),
                bias.write_data.eq(self.wr_data),
            ]
            biases.append(bias)
            here = mine & (what == SYNAPSES)
            if s.spram:
                single = SinglePort(s.word_bits, s.words)
                m.submodules[f"synapses_{lane}"] = single
                m.d.comb += [
                    single.addr.eq(Mux(here, place, walk_at)),
                    single.wr_en.eq(here),
                    single.wr_data.eq(self.wr_data),
                ]
                synapses.append(single.data)
            else:
                words = _memory(m, f"synapses_{lane}", s.word_bits, s.words)
                m.d.comb += [
                    words.read_addr.eq(walk_at),
                    words.write_en.eq(here),
                    words.write_addr.eq(place),
                    words.write_data.eq(self.wr_data),
                ]
                synapses.append(words.read_data)
        rows = _memory(m, "rows", address + 1, s.rows + 1)
        m.d.comb += [
            rows.write_en.eq(self.wr_en & (what == ROWS)),
            rows.write_addr.eq(where),
            rows.write_data.eq(self.wr_data),
        ]
        entry_bits = group_bits + 2 * s.lanes
        queue = _memory(m, "queue", entry_bits, 2**s.ring_bits)
        sections = _memory(m, "sections", s.ring_bits, s.delays + 1)
        step_bits = len(sections.read_addr)

        # --- what the host sets
        last_group, first_readout = Signal(group_bits), Signal(group_bits + 1)
        delays = Signal(range(s.delays + 1), init=1)
        classes = Signal(WHERE)
        with m.If(self.wr_en & (what == COMMAND)), m.Switch(where[:3]):
            with m.Case(GROUPS):
                m.d.sync += last_group.eq(self.wr_data)
            with m.Case(READOUT):
                m.d.sync += first_readout.eq(self.wr_data)
            with m.Case(DELAYS):
                m.d.sync += delays.eq(self.wr_data)
            with m.Case(CLASSES):
                m.d.sync += classes.eq(self.wr_data)

        # --- the walk: address, synapse, sum, sum written back
        walking, negative = Signal(), Signal()
        fetched, taken, added = Signal(), Signal(), Signal()
        negative_1, negative_2 = Signal(), Signal()
        m.d.sync += [
            fetched.eq(walking), taken.eq(fetched), added.eq(taken), negative_1.eq(negative),
            negative_2.eq(negative_1),
        ]  # fmt: skip
        clearing, scanning = Signal(), Signal()
        k = Signal(group_bits)
        for lane, (total, synapse) in enumerate(zip(sums, synapses, strict=True)):
            target = synapse[:group_bits]
            weight = synapse[group_bits:].as_signed()
            target_2, target_3 = (Signal(group_bits, name=f"target{n}_{lane}") for n in (2, 3))
            weight_2 = Signal(signed(s.weight_bits), name=f"weight2_{lane}")
            there_2, there_3 = (Signal(name=f"there{n}_{lane}") for n in (2, 3))
            result = Signal(SUM_BITS, name=f"result_{lane}")
            m.d.comb += total.read_addr.eq(Mux(scanning, k, target))
            m.d.sync += [
                target_2.eq(target),
                weight_2.eq(weight),
                there_2.eq(weight != 0),  # a lane without a synapse in this word
                target_3.eq(target_2),
                there_3.eq(there_2),
                result.eq(_plus(total.read_data, weight_2 << s.shift, negative_2)),
            ]
            m.d.comb += [
                total.write_en.eq(clearing | (added & there_3)),
                total.write_addr.eq(Mux(clearing, k, target_3)),
                total.write_data.eq(Mux(clearing, 0, result)),
            ]

        # --- the scan: address, field, membrane, comparison
        read_1, read_2, read_3 = Signal(), Signal(), Signal()
        k_1, k_2, k_3 = Signal(group_bits), Signal(group_bits), Signal(group_bits)
        age = Signal(range(s.delays + 1))  # steps done, as far as delays reach
        m.d.sync += [
            read_1.eq(scanning), read_2.eq(read_1), read_3.eq(read_2),
            k_1.eq(k), k_2.eq(k_1), k_3.eq(k_2),
        ]  # fmt: skip
        changed, flips, spikes = Signal(), Signal(s.lanes), Signal(s.lanes)
        moved = Signal(s.lanes)
        readout = Signal()
        m.d.sync += readout.eq(k_2 >= first_readout)
        best = [Signal(signed(25), name=f"best_{lane}") for lane in lanes]
        best_at = [Signal(group_bits, name=f"best_at_{lane}") for lane in lanes]
        for lane in lanes:
            state = states[lane]
            field = Signal(signed(SUM_BITS + 1), name=f"field_{lane}")
            residue_2 = Signal(signed(RESIDUE_BITS), name=f"residue2_{lane}")
            residue_3 = Signal(signed(RESIDUE_BITS), name=f"residue3_{lane}")
            before_2, before_3 = (Signal(name=f"before{n}_{lane}") for n in (2, 3))
            v = Signal(signed(26), name=f"v_{lane}")
            left = Signal(signed(RESIDUE_BITS), name=f"left_{lane}")
            kept = Signal(signed(26), name=f"kept_{lane}")
            look = Cat(k, age != 0)
            m.d.comb += biases[lane].read_addr.eq(look)
            host_place = self.rd_addr[s.lane_bits : s.lane_bits + group_bits]
            m.d.comb += state.read_addr.eq(Mux(scanning, k, host_place))
            m.d.sync += [
                field.eq(sums[lane].read_data.as_signed() + biases[lane].read_data.as_signed()),
                residue_2.eq(state.read_data[1:].as_signed()),
                before_2.eq(state.read_data[0]),
                v.eq((field << 6) + residue_2),
                residue_3.eq(residue_2),
                before_3.eq(before_2),
            ]
            m.d.comb += [
                spikes[lane].eq((v > 0) & ~readout),
                kept.eq(Mux(spikes[lane], 0, v)),
                left.eq(Mux(spikes[lane], 0, (v + Mux(v[-1], 4095, 0)) >> 12)),  # towards zero
                flips[lane].eq(spikes[lane] ^ before_3),
                moved[lane].eq(flips[lane] | (left != residue_3)),
                state.write_en.eq(clearing | read_3),
                state.write_addr.eq(Mux(clearing, k, k_3)),
                state.write_data.eq(Mux(clearing, 0, Cat(spikes[lane], left))),
                self.trace_membranes[32 * lane : 32 * (lane + 1)].eq(kept),
            ]
            mine = Cat(Const(lane, s.lane_bits), (k_2 - first_readout)[:group_bits])
            real = Signal(name=f"real_{lane}")  # no more than filling up
            m.d.sync += real.eq(mine < classes)
            with m.If(read_3 & readout & real & ((k_3 == first_readout) | (v > best[lane]))):
                m.d.sync += [best[lane].eq(v), best_at[lane].eq(k_3 - first_readout)]
        m.d.comb += [
            self.trace_en.eq(read_3),
            self.trace_group.eq(k_3),
            self.trace_spikes.eq(spikes),
        ]
        head = Signal(s.ring_bits)  # where the next flip goes
        m.d.comb += [
            queue.write_en.eq(read_3 & flips.any()),
            queue.write_addr.eq(head),
            queue.write_data.eq(Cat(k_3, flips, spikes)),
        ]
        with m.If(queue.write_en):
            m.d.sync += head.eq(head + 1)
        with m.If(read_3 & moved.any()):
            m.d.sync += changed.eq(1)

        # --- order
        now = Signal(step_bits)  # number of the last step, as the ring counts
        steps, cycles = Signal(32), Signal(32)
        remaining, stop, quiet = Signal(24), Signal(), Signal(range(s.delays + 2))
        delay = Signal(range(s.delays + 1))
        row, base = Signal(len(rows.read_addr)), Signal(len(rows.read_addr))
        tail, until, older = Signal(s.ring_bits), Signal(s.ring_bits), Signal(s.ring_bits)
        group, mask, new = Signal(group_bits), Signal(s.lanes), Signal(s.lanes)
        at, end = Signal(address + 1), Signal(address + 1)
        outside, wait = Signal(), Signal(3)
        winner, merging = Signal(WHERE), Signal(range(s.lanes + 1))
        winning = Signal(signed(25))
        rows_each = Signal(len(rows.read_addr))
        m.d.comb += rows_each.eq(first_readout << s.lane_bits)
        m.d.comb += [
            walk_at.eq(at),
            queue.read_addr.eq(tail),
            sections.read_addr.eq(now - delay),
            sections.write_addr.eq(now + 1),
            sections.write_data.eq(head),
            rows.read_addr.eq(row),
        ]
        first_step = Signal()
        with m.FSM(name="order") as order:
            with m.State("IDLE"):
                m.d.sync += outside.eq(0)
                with m.If(self.wr_en & (what == COMMAND)), m.Switch(where[:3]):
                    with m.Case(CLEAR):
                        m.d.sync += [k.eq(0), age.eq(0), head.eq(0), steps.eq(0), cycles.eq(0)]
                        m.next = "CLEAR"
                    with m.Case(RUN):
                        m.d.sync += [
                            remaining.eq(self.wr_data[:24]), stop.eq(self.wr_data[31]), quiet.eq(0)
                        ]  # fmt: skip
                        with m.If(self.wr_data[:24] != 0):
                            m.next = "STEP"
                    with m.Case(EVENT):
                        m.d.sync += [
                            row.eq(self.wr_data[:31]), negative.eq(self.wr_data[31]), outside.eq(1)
                        ]  # fmt: skip
                        m.next = "ROW"
            with m.State("CLEAR"):
                m.d.comb += clearing.eq(1)
                m.d.sync += k.eq(k + 1)
                with m.If(k == last_group):
                    m.next = "IDLE"
            with m.State("STEP"):
                m.d.sync += [delay.eq(0), base.eq(0), older.eq(head), changed.eq(0), wait.eq(0)]
                m.d.sync += first_step.eq(age == 0)
                with m.If(age == 0):
                    m.next = "DRAIN"
                with m.Else():
                    m.next = "SECTION"
            with m.State("SECTION"):  # the flips of so many steps ago
                m.next = "SECTION_READ"
            with m.State("SECTION_READ"):
                m.d.sync += [
                    tail.eq(sections.read_data),
                    until.eq(older),
                    older.eq(sections.read_data),
                ]
                m.next = "POP"
            with m.State("POP"):
                with m.If(tail == until):
                    m.d.sync += [delay.eq(delay + 1), base.eq(base + rows_each), wait.eq(0)]
                    with m.If(delay + 1 == age):
                        m.next = "DRAIN"
                    with m.Else():
                        m.next = "SECTION"
                with m.Else():
                    m.d.sync += tail.eq(tail + 1)
                    m.next = "TAKE"
            with m.State("TAKE"):
                m.d.sync += Cat(group, mask, new).eq(queue.read_data)
                m.next = "FLIP"
            with m.State("FLIP"):
                with m.If(mask == 0):
                    m.next = "POP"
                for lane in reversed(lanes):  # the lowest that is left wins
                    with m.If(mask[lane]):
                        number = Cat(Const(lane, s.lane_bits), group) if s.lane_bits else group
                        m.d.sync += [row.eq(base + number), negative.eq(~new[lane])]
                        m.next = "ROW"
                m.d.sync += mask.eq(mask & (mask - 1))
            with m.State("ROW"):
                m.d.sync += row.eq(row + 1)
                m.next = "ROW_BEGIN"
            with m.State("ROW_BEGIN"):
                m.d.sync += at.eq(rows.read_data)
                m.next = "ROW_END"
            with m.State("ROW_END"):
                m.d.sync += [end.eq(rows.read_data), wait.eq(0)]
                with m.If(at != rows.read_data):
                    m.next = "WALK"
                with m.Elif(outside):
                    m.next = "DRAIN"
                with m.Else():
                    m.next = "FLIP"
            with m.State("WALK"):
                m.d.comb += walking.eq(1)
                m.d.sync += at.eq(at + 1)
                with m.If(at + 1 == end):
                    with m.If(outside):
                        m.next = "DRAIN"
                    with m.Else():
                        m.next = "FLIP"
            with m.State("DRAIN"):  # the last sum is written
                m.d.sync += [wait.eq(wait + 1), k.eq(0)]
                with m.If(wait == 4):
                    m.d.comb += sections.write_en.eq(~outside)
                    with m.If(outside):
                        m.next = "IDLE"
                    with m.Else():
                        m.next = "SCAN"
            with m.State("SCAN"):
                m.d.comb += scanning.eq(1)
                m.d.sync += [k.eq(k + 1), wait.eq(0)]
                with m.If(k == last_group):
                    m.next = "SETTLE"
            with m.State("SETTLE"):
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == 4):
                    m.next = "END"
            with m.State("END"):
                m.d.sync += [
                    now.eq(now + 1), steps.eq(steps + 1), remaining.eq(remaining - 1), merging.eq(0),
                    quiet.eq(Mux(changed | first_step, 0, quiet + 1)),
                ]  # fmt: skip
                with m.If(age != delays):
                    m.d.sync += age.eq(age + 1)
                rest = ~(changed | first_step) & (quiet + 1 >= delays)
                with m.If((remaining == 1) | (stop & rest)):
                    m.next = "MERGE"
                with m.Else():
                    m.next = "STEP"
            with m.State("MERGE"):  # the best of each lane, the lower class where two are alike
                m.d.sync += merging.eq(merging + 1)
                for lane in lanes:
                    mine = Cat(Const(lane, s.lane_bits), best_at[lane])
                    ahead = (best[lane] > winning) | ((best[lane] == winning) & (mine < winner))
                    ahead &= Const(lane) < classes
                    with m.If((merging == lane) & (ahead if lane else Const(1))):
                        m.d.sync += [winner.eq(mine), winning.eq(best[lane])]
                with m.If(merging == s.lanes - 1):
                    m.next = "IDLE"
        m.d.comb += self.busy.eq(~order.ongoing("IDLE"))
        with m.If(self.busy):
            m.d.sync += cycles.eq(cycles + 1)

        # --- what the host reads
        chosen = Signal(range(max(2, s.lanes)))
        m.d.sync += chosen.eq(self.rd_addr[: s.lane_bits] if s.lane_bits else 0)
        with m.If(self.rd_addr[WHERE:] == STATE):
            for lane in lanes:
                with m.If(chosen == lane):
                    m.d.comb += self.rd_data.eq(states[lane].read_data)
        with m.Else(), m.Switch(self.rd_addr[:2]):
            with m.Case(BUSY):
                m.d.comb += self.rd_data.eq(self.busy)
            with m.Case(STEPS):
                m.d.comb += self.rd_data.eq(steps)
            with m.Case(WINNER):
                m.d.comb += self.rd_data.eq(winner)
            with m.Case(CYCLES):
                m.d.comb += self.rd_data.eq(cycles)
        return m
