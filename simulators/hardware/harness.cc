// Drives the core that yosys made of its Verilog, pattern by pattern, as a host would over its bus.
#include "core.cc"
#include <cstdint>

using Core = cxxrtl_design::p_spinspike__core;
enum { COMMAND, SYNAPSES, ROWS, FIRST_BIAS, BIAS };
enum { CLEAR, RUN, EVENT };
static const uint32_t STOP = 1u << 31;

struct Host {
    Core core;

    void tick() {
        core.p_clk.set<bool>(true);
        core.step();
        core.p_clk.set<bool>(false);  // only now do outputs show what the edge has changed
        core.step();
    }
    void put(uint32_t what, uint32_t where, uint32_t data) {
        core.p_wr__en.set<bool>(true);
        core.p_wr__addr.set<uint32_t>(what << 21 | where);
        core.p_wr__data.set<uint32_t>(data);
        tick();
        core.p_wr__en.set<bool>(false);
    }
    bool busy() { return core.p_busy.get<bool>(); }
    uint32_t read(uint32_t where) {
        core.p_rd__addr.set<uint32_t>(where);
        tick();
        return core.p_rd__data.get<uint32_t>();
    }
};

extern "C" {
Host *spinspike_new() {
    Host *host = new Host();
    host->core.p_rst.set<bool>(true);
    host->tick();
    host->core.p_rst.set<bool>(false);
    return host;
}
void spinspike_delete(Host *host) { delete host; }
void spinspike_put(Host *host, uint32_t what, uint32_t where, uint32_t data) {
    host->put(what, where, data);
}
void spinspike_fill(Host *host, uint32_t what, const int32_t *data, int64_t count) {
    for (int64_t k = 0; k < count; k++) host->put(what, k, data[k]);
}
void spinspike_event(Host *host, uint32_t row, int negative) {
    host->put(COMMAND, EVENT, row | (negative ? 1u << 31 : 0));
    while (host->busy()) host->tick();
}
void spinspike_clear(Host *host) {
    host->put(COMMAND, CLEAR, 0);
    while (host->busy()) host->tick();
}
// Up to `count` steps; spikes (count, groups * lanes) and membranes likewise, or null. Returns the steps
// that were simulated: the rest is as the last of them.
int64_t spinspike_run(Host *host, int64_t count, int stop, int64_t groups, uint8_t *spikes,
                      int32_t *membranes) {
    const int lanes = LANES;
    int64_t step = 0;
    host->put(COMMAND, RUN, (uint32_t)count | (stop ? STOP : 0));
    while (host->busy()) {
        if (host->core.p_trace__en.get<bool>()) {
            const uint32_t group = host->core.p_trace__group.get<uint32_t>();
            const int64_t at = (step * groups + group) * lanes;
            for (int lane = 0; lane < lanes; lane++) {
                if (spikes) spikes[at + lane] = host->core.p_trace__spikes.data[0] >> lane & 1;
                if (membranes) membranes[at + lane] = host->core.p_trace__membranes.data[lane];
            }
            if (group == groups - 1) step++;
        }
        host->tick();
    }
    return step;
}
uint32_t spinspike_read(Host *host, uint32_t where) { return host->read(where); }
}
