/* The network of the tables below, in whole numbers, without allocation. Written by spinspike.
 *
 * Every neuron k has a sum x of weights that arrive, bias included, and a membrane
 *
 *     v <- sgn(v) (|v| >> 12) + 64 x,    spike and v <- 0 where v > 0.
 *
 * Sums are kept, and only neurons whose spike changed add or take away their weights.
 *
 *     spinspike_start(image);           doubles, as many as INPUTS, from LOW to HIGH
 *     spinspike_label(3, 1);            optional: the teacher of a class, on or off
 *     steps = spinspike_run(100);       up to so many steps; fewer if the network came to rest
 *     spinspike_class();                where the highest membrane of the readout is
 *     spinspike_unit(i);                +1 or -1
 *
 * cc -std=c99 -O2 -DSPINSPIKE_MAIN network.c && ./a.out < images.txt
 *
 * Compile with -ffp-contract=off where the compiler would fuse a product and a sum: the input is
 * rounded to whole numbers, and should be by the same rule everywhere.
 */
#include <stdint.h>

/* @TABLES@ */

enum { WINDOW = DELAYS + 1 };

static int32_t sum_of[TARGETS];
static int32_t membrane[TARGETS];
static int32_t later_bias[NEURONS];
static int32_t first_bias[NEURONS];
static uint8_t spiked[WINDOW][NEURONS]; /* a ring: the last step, and as many before as delays reach */
static uint32_t steps_done;

static int32_t clip(int32_t value)
{
    return value > BIAS_LIMIT ? BIAS_LIMIT : value < -BIAS_LIMIT ? -BIAS_LIMIT : value;
}

/* To the nearest, and to the even one of two: what rint does, without the mathematical library. */
static int32_t nearest(double value)
{
    int32_t below = (int32_t)value;
    double left;
    if ((double)below > value) below--;
    left = value - (double)below;
    return below + (left > 0.5 || (left == 0.5 && (below & 1)) ? 1 : 0);
}

static void add_row(int row, int times)
{
    uint32_t k;
    for (k = starts[row]; k < starts[row + 1]; k++) sum_of[targets[k]] += times * weights[k];
}

void spinspike_label(int label, int on)
{
    if (label >= 0 && label < LABELS) add_row(FIRST_LABEL + label, on ? 1 : -1);
}

void spinspike_start(const double *image)
{
    int i, j;
    steps_done = 0;
    for (i = 0; i < TARGETS; i++) sum_of[i] = membrane[i] = 0;
    for (j = 0; j < WINDOW; j++)
        for (i = 0; i < NEURONS; i++) spiked[j][i] = 0;
#if LEVELS
    for (i = 0; i < NEURONS; i++) later_bias[i] = offset[i];
    for (j = 0; j < INPUTS; j++)
        add_row(FIRST_INPUT + j, (int)nearest((image[j] - LOW) * (LEVELS / (HIGH - LOW))));
    add_row(FIRST_INPUT + INPUTS, LEVELS);
#else
    for (i = 0; i < NEURONS; i++) {
        double field = 0;
        uint32_t k;
        for (k = input_starts[unit_of[i]]; k < input_starts[unit_of[i] + 1]; k++)
            field += input_weight[k] * ((image[input_index[k]] - centre[input_index[k]]) * GAIN);
        later_bias[i] = clip(nearest(field * scale[unit_of[i]]) * input_sign[i] + offset[i]);
    }
#endif
    for (i = 0; i < NEURONS; i++) first_bias[i] = clip(later_bias[i] + first_less_later[i]);
}

/* One step; returns whether anything changed. */
static int step(void)
{
    const int32_t *bias = steps_done ? later_bias : first_bias;
    const uint32_t known = steps_done < DELAYS ? steps_done : DELAYS;
    uint8_t *now = spiked[(steps_done + 1) % WINDOW];
    int changed = steps_done == 0;
    uint32_t d;
    int k;
    for (d = 0; d < known; d++) { /* what changed d steps before the last arrives */
        const uint8_t *one = spiked[(steps_done - d) % WINDOW];
        const uint8_t *before = spiked[(steps_done - d + WINDOW - 1) % WINDOW];
        const int first = steps_done - d == 1; /* before the first step all was silent */
        for (k = 0; k < NEURONS; k++) {
            const int change = (int)one[k] - (first ? 0 : (int)before[k]);
            if (change) add_row((int)d * NEURONS + k, change);
        }
    }
    for (k = 0; k < TARGETS; k++) {
        const int32_t old = membrane[k];
        const int32_t x = sum_of[k] + (k < NEURONS ? bias[k] : readout_bias[k - NEURONS]);
        const int32_t v = old / 4096 + 64 * x; /* C divides towards zero */
        const int fires = k < NEURONS && v > 0;
        membrane[k] = fires ? 0 : v;
        if (membrane[k] != old) changed = 1;
        if (k < NEURONS) {
            if (steps_done == 0 || fires != spiked[steps_done % WINDOW][k]) changed = 1;
            now[k] = (uint8_t)fires;
        }
    }
    steps_done++;
    return changed;
}

#ifdef SPINSPIKE_TRACE
static void trace(void);
#else
#define trace() ((void)0)
#endif

int spinspike_run(int most)
{
    int done = 0, quiet = 0;
    while (done < most && quiet < WINDOW) {
        quiet = step() ? 0 : quiet + 1;
        done++;
        trace();
    }
    return done;
}

int spinspike_spike(int neuron)
{
    return steps_done && spiked[steps_done % WINDOW][stands[neuron]];
}

int spinspike_unit(int unit)
{
    return spinspike_spike(decoder[unit]) ? decoder_sign[unit] : -decoder_sign[unit];
}

int spinspike_class(void)
{
    int best = 0, c;
#if READOUTS
    for (c = 1; c < READOUTS; c++)
        if (membrane[NEURONS + c] > membrane[NEURONS + best]) best = c;
#else
    double most = 0;
    for (c = 0; c < CLASSES; c++) {
        double score = 0;
        int i;
        for (i = 0; i < UNITS; i++) score += readout[c][i] * spinspike_unit(i);
        if (c == 0 || score > most) {
            most = score;
            best = c;
        }
    }
#endif
    return best;
}

#ifdef SPINSPIKE_MAIN
#include <stdio.h>

#ifdef SPINSPIKE_TRACE
static void trace(void)
{
    int k;
    for (k = 0; k < TARGETS; k++) printf("%d ", (int)membrane[k]);
    for (k = 0; k < NEURONS; k++) printf("%d ", (int)spiked[steps_done % WINDOW][k]);
    printf("\n");
}
#endif

/* Each line: steps of the input alone, with the label, and after it; the label; the pixels. */
int main(void)
{
    static double image[INPUTS];
    int cue, clamped, rest, label, i;
    while (scanf("%d %d %d %d", &cue, &clamped, &rest, &label) == 4) {
        for (i = 0; i < INPUTS; i++)
            if (scanf("%lf", &image[i]) != 1) return 1;
        spinspike_start(image);
        i = spinspike_run(cue);
        spinspike_label(label, 1);
        i += spinspike_run(clamped);
        spinspike_label(label, 0);
        i += spinspike_run(rest);
        printf("class %d after %d steps\n", spinspike_class(), i);
    }
    return 0;
}
#endif
