// Networks of nodes for one element type; see networks.h. T, P(name), LANES_T, FUSED and N(name) are given.

// Some vectors of a node's lanes: what comes in, times what all of its connections share. `values` is at the first of
// them; `last` is the last row that may be a source. 0 where another one is.
INL int P(incoming)(
  int64_t vectors, int64_t incoming, const int64_t *sources, int64_t last, const T *weights, const T *shared,
  const T *values, int64_t room, T *out) {
  P(vec) sums[CK_NETWORK_VECTORS] = {{0}};
  for (int64_t c = 0; c < incoming; c++) {
    if (sources[c] < 0 || sources[c] > last) return 0;
    const T *source = values + sources[c] * room;
    P(vec) weight = P(spread)(weights[c]);
    for (int64_t v = 0; v < vectors; v++) sums[v] = P(fused)(P(load)(source + v * LANES_T), weight, sums[v]);
  }
  for (int64_t v = 0; v < vectors; v++) P(store)(out + v * LANES_T, sums[v] * P(load)(shared + v * LANES_T));
  return 1;
}

// The lanes of one node, through its activation. 0 where its sources make no sense.
static int P(node)(
  int64_t activation, int64_t incoming, const int64_t *sources, int64_t last, const T *weights, const T *shared,
  const T *values, int64_t room, T *out) {
#define INCOMING(vectors) \
  P(incoming)(vectors, incoming, sources, last, weights, shared + i, values + i, room, out + i)
  int is_sound = 1;
  int64_t i = 0;
  for (; i + CK_NETWORK_VECTORS * LANES_T <= room; i += CK_NETWORK_VECTORS * LANES_T)
    is_sound &= INCOMING(CK_NETWORK_VECTORS);
  switch ((room - i) / LANES_T) {
    case 1: is_sound &= INCOMING(1); break;
    case 2: is_sound &= INCOMING(2); break;
    case 3: is_sound &= INCOMING(3); break;
  }
  if (!is_sound) return 0;
#undef INCOMING
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
  return 1;
}

// Lanes with zeros up to a whole vector.
INL void P(lanes)(const T *x, int64_t count, T *row, int64_t room) {
  memcpy(row, x, (size_t)count * sizeof(T));
  for (int64_t l = count; l < room; l++) row[l] = 0;
}

// A tile of `count` lanes of one network. `values` holds a row of `room` elements for each node. 0 where the code makes no
// sense: it comes from a program.
static int P(network_tile)(
  const ck_networks *p, const int64_t *code, const T *weights, const T *x, const T *shared, int64_t count,
  int64_t room, T *values, T *out) {
  T *row = values + room;
  for (int64_t i = 0; i < room; i++) values[i] = 1;
  for (int64_t i = 0; i < p->inputs; i++, row += room) P(lanes)(x + i * p->lanes, count, row, room);
  T *factor = values + (1 + p->inputs + code[0]) * room;
  P(lanes)(shared, count, factor, room);
  const int64_t *node = code + 1;
  int64_t words = p->words - 1, connections = p->connections;
  for (int64_t n = 0; n < code[0]; n++, row += room) {
    if (words < 2) return 0;
    const int64_t activation = node[0], incoming = node[1];
    words -= 2;
    if (activation < CK_NODE_LINEAR || activation > CK_NODE_SQUARE) return 0;
    if (incoming < 0 || incoming > words || incoming > connections) return 0;
    if (!P(node)(activation, incoming, node + 2, p->inputs + n, weights, factor, values, room, row)) return 0;
    words -= incoming;
    connections -= incoming;
    weights += incoming;
    node += 2 + incoming;
  }
  row -= p->outputs * room;
  for (int64_t o = 0; o < p->outputs; o++)
    memcpy(out + o * p->lanes, row + o * room, (size_t)count * sizeof(T));
  return 1;
}

static int P(network)(const ck_networks *p, int64_t place, T *values) {
  const int64_t *code = p->code + place * p->words;
  const int64_t rows = 2 + p->inputs + code[0];
  int64_t most = (int64_t)(CK_NETWORK_BYTES / sizeof(T)) / rows / LANES_T * LANES_T;
  if (most > 512) most = 512;
  const T *x = (const T *)p->x + (p->same_input ? 0 : place * p->lanes * p->inputs);
  T *out = (T *)p->out + place * p->lanes * p->outputs;
  for (int64_t at = 0; at < p->lanes; at += most) {
    const int64_t count = p->lanes - at < most ? p->lanes - at : most;
    const int64_t room = (count + LANES_T - 1) / LANES_T * LANES_T;
    const T *weights = (const T *)p->weights + place * p->connections;
    if (!P(network_tile)(p, code, weights, x + at, (const T *)p->shared + at, count, room, values, out + at)) return 0;
  }
  return 1;
}
