// Networks of nodes for one element type; see networks.h. T, P(name), LANES_T, FUSED and N(name) are given.

// The lanes of one node: what comes in, times what all of its connections share, through its activation.
static void P(node)(
  int64_t activation, int64_t incoming, const int64_t *sources, const T *weights, const T *shared, const T *values,
  int64_t room, T *out) {
  for (int64_t v = 0; v < room; v += LANES_T) {
    P(vec) sum = {0};
    for (int64_t c = 0; c < incoming; c++)
      sum = P(fused)(P(load)(values + sources[c] * room + v), P(spread)(weights[c]), sum);
    P(store)(out + v, sum * P(load)(shared + v));
  }
// Whole vectors, one after the other: `room` is a multiple of their lanes, so nothing is left for a slow end.
#define LANES                                                                                         \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(LANES_T) interleave_count(1)") for (   \
    int64_t i = 0; i < room; i++)
  switch (activation) {
    case CK_NODE_STEP: LANES out[i] = out[i] > 0 ? 1 : 0; break;
    case CK_NODE_SIN:
    case CK_NODE_COS:
      LANES out[i] *= (T)3.14159265358979323846;
      N(trig)(activation == CK_NODE_COS, out, out, room);
      break;
    case CK_NODE_GAUSS: LANES out[i] = N(exp)((T)-0.5 * (out[i] * out[i])); break;
    case CK_NODE_TANH: LANES out[i] = N(tanh)(out[i]); break;
    case CK_NODE_SIGMOID: LANES out[i] = (N(tanh)((T)0.5 * out[i]) + 1) * (T)0.5; break;
    case CK_NODE_INVERSE: LANES out[i] = N(neg)(out[i]); break;
    case CK_NODE_ABS: LANES out[i] = N(abs)(out[i]); break;
    case CK_NODE_RELU: LANES out[i] = N(max)((T)0, out[i]); break;
    case CK_NODE_SQUARE: LANES out[i] = out[i] * out[i]; break;
    default: break;
  }
#undef LANES
}

// Lanes with zeros up to a whole vector.
INL void P(lanes)(const T *x, int64_t count, T *row, int64_t room) {
  memcpy(row, x, (size_t)count * sizeof(T));
  for (int64_t l = count; l < room; l++) row[l] = 0;
}

// A tile of `count` lanes of one network. `values` holds a row of `room` elements for each node.
static void P(network_tile)(
  const ck_networks *p, const int64_t *code, const T *weights, const T *x, const T *shared, int64_t count,
  int64_t room, T *values, T *out) {
  T *row = values + room;
  for (int64_t i = 0; i < room; i++) values[i] = 1;
  for (int64_t i = 0; i < p->inputs; i++, row += room) P(lanes)(x + i * p->lanes, count, row, room);
  T *factor = values + (1 + p->inputs + code[0]) * room;
  P(lanes)(shared, count, factor, room);
  const int64_t *node = code + 1;
  for (int64_t n = 0; n < code[0]; n++, row += room, weights += node[1], node += 2 + node[1])
    P(node)(node[0], node[1], node + 2, weights, factor, values, room, row);
  row -= p->outputs * room;
  for (int64_t o = 0; o < p->outputs; o++)
    memcpy(out + o * p->lanes, row + o * room, (size_t)count * sizeof(T));
}

static void P(network)(const ck_networks *p, int64_t place, T *values) {
  const int64_t *code = p->code + place * p->words;
  const int64_t rows = 2 + p->inputs + code[0];
  int64_t most = (int64_t)(CK_NETWORK_BYTES / sizeof(T)) / rows / LANES_T * LANES_T;
  if (most > 512) most = 512;
  const T *x = (const T *)p->x + (p->same_input ? 0 : place * p->lanes * p->inputs);
  T *out = (T *)p->out + place * p->lanes * p->outputs;
  for (int64_t at = 0; at < p->lanes; at += most) {
    const int64_t count = p->lanes - at < most ? p->lanes - at : most;
    P(network_tile)(
      p, code, (const T *)p->weights + place * p->connections, x + at, (const T *)p->shared + at, count,
      (count + LANES_T - 1) / LANES_T * LANES_T, values, out + at);
  }
}
