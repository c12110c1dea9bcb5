// Networks of nodes for one element type; see networks.h. T, P(name), LANES_T, FUSED and N(name) are given.

// Activations of n elements, whole vectors: two of them at a time, since one alone mostly waits for itself.
static void P(activate)(int64_t activation, T *x, int64_t n) {
  const int64_t pairs = n / (2 * LANES_T) * (2 * LANES_T);
#define LANES(body)                                                                                     \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(LANES_T) interleave_count(2)") for (     \
    int64_t i = 0; i < pairs; i++) body;                                                                \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(LANES_T) interleave_count(1)") for (     \
    int64_t i = pairs; i < n; i++) body;                                                                \
  break
  switch (activation) {
    case CK_NODE_SIN:
    case CK_NODE_COS:
      for (int64_t i = 0; i < n; i++) x[i] *= (T)3.14159265358979323846;
      // A value too large for the fast reduction slows down those beside it only.
      for (int64_t i = 0; i < n; i += CK_NETWORK_TRIG) {
        const int64_t m = n - i < CK_NETWORK_TRIG ? n - i : CK_NETWORK_TRIG;
        N(trig)(activation == CK_NODE_COS, x + i, x + i, m);
      }
      break;
    case CK_NODE_GAUSS: LANES(x[i] = N(exp)((T)-0.5 * (x[i] * x[i])));
    case CK_NODE_TANH: LANES(x[i] = N(tanh)(x[i]));
    case CK_NODE_SIGMOID: LANES(x[i] = (N(tanh)((T)0.5 * x[i]) + 1) * (T)0.5);
    default: break;
  }
#undef LANES
}

// What a node does with its sum beside what queues are for: the sign's bit away or turned, and nothing below `least`.
typedef struct P(kind) {
  U kept, turned;
  T least;
} P(kind);
static const P(kind) P(kinds)[CK_NODE_SQUARE + 1] = {
#define PLAIN {(U)-1, 0, -__builtin_inf()}
  PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
  [CK_NODE_INVERSE] = {(U)-1, (U)1 << (8 * sizeof(U) - 1), -__builtin_inf()},
  [CK_NODE_ABS] = {(U)-1 >> 1, 0, -__builtin_inf()},
  [CK_NODE_RELU] = {(U)-1, 0, 0},
  PLAIN, PLAIN,
#undef PLAIN
};

// The lanes of some networks that go through a program: `count` of them, in rows of `room` elements, whole vectors. The
// queues' slots are `count` elements each.
typedef struct P(lot) {
  int64_t count, room;
  const T *weights, *shared;
  T *values, *slots;
} P(lot);

// Some vectors of a node's lanes, from lane i on: what comes in, times what all of its connections share. `end` is the mask of
// the last vector.
INL void P(node_part)(
  int64_t vectors, const ck_sum *s, const uint32_t *sources, const P(lot) *t, int64_t i, T *out, P(mask) end) {
  const T *weights = t->weights + s->weight, *values = t->values + i;
  const P(kind) *kind = &P(kinds)[s->activation];
  P(vec) sums[CK_NETWORK_VECTORS] = {{0}};
  for (uint32_t c = 0; c < s->incoming; c++) {
    const T *source = values + sources[c] * t->room;
    const P(vec) weight = P(spread)(weights[c]);
    for (int64_t v = 0; v < vectors; v++) sums[v] = P(fused)(P(load)(source + v * LANES_T), weight, sums[v]);
  }
  typedef U P(bits) __attribute__((vector_size(CK_VECTOR_BYTES)));
  const P(vec) least = P(spread)(kind->least);
  for (int64_t v = 0; v < vectors; v++) {
    P(vec) x = sums[v] * P(load)(t->shared + i + v * LANES_T);
    x = (P(vec))(((P(bits))x & kind->kept) ^ kind->turned);
    const P(bits) below = (P(bits))(least >= x);
    x = (P(vec))(((P(bits))least & below) | ((P(bits))x & ~below));
    P(put)(out + i + v * LANES_T, x, v == vectors - 1, end);
  }
}

// All sums of a wave. `vectors` in a row, or any number if it is 0.
INL const uint32_t *P(nodes)(
  int64_t vectors, const ck_sum *s, int64_t count, const uint32_t *sources, const P(lot) *t) {
  const P(mask) whole = P(mask_of)(LANES_T), part = P(mask_of)(t->count - (t->room - LANES_T));
  for (const ck_sum *last = s + count; s < last; s++) {
    T *out = s->slot ? t->slots + (s->slot - 1) * t->count : t->values + s->row * t->room;
    const P(mask) end = s->slot ? part : whole;
    int64_t i = 0;
    if (vectors) P(node_part)(vectors, s, sources, t, 0, out, end);
    else {
      for (; i + 4 * LANES_T < t->room; i += 4 * LANES_T) P(node_part)(4, s, sources, t, i, out, whole);
      for (; i + LANES_T < t->room; i += LANES_T) P(node_part)(1, s, sources, t, i, out, whole);
      P(node_part)(1, s, sources, t, i, out, end);
    }
    if (s->activation == CK_NODE_STEP)
      for (int64_t l = 0; l < t->room; l++) out[l] = out[l] > 0 ? 1 : 0;
    if (s->activation == CK_NODE_SQUARE)
      for (int64_t l = 0; l < t->room; l++) out[l] *= out[l];
    sources += s->incoming;
  }
  return sources;
}
// A function for each number of vectors that is frequent.
#define NODES(vectors)                                                                       \
  static const uint32_t *P(nodes##vectors)(                                                  \
    const ck_sum *s, int64_t count, const uint32_t *sources, const P(lot) *t) {              \
    return P(nodes)(vectors, s, count, sources, t);                                          \
  }
NODES(0) NODES(1) NODES(2) NODES(3) NODES(4)
#undef NODES

// What stands in the queues of a wave goes through its activations, and to its rows. From the last slot down, since the end of
// an activation's last vector is the next one's beginning.
static void P(activations)(const ck_wave *wave, const uint32_t *targets, const P(lot) *t, int64_t slots) {
  for (int64_t a = CK_NODE_SQUARE; a >= 0; a--) {
    if (wave->slots[a] == 0) continue;
    slots -= wave->slots[a];
    T *first = t->slots + slots * t->count;
    const int64_t n = wave->slots[a] * t->count;
    P(activate)(a, first, (n + LANES_T - 1) / LANES_T * LANES_T);
    for (int64_t k = 0; k < wave->slots[a]; k++) {
      T *row = t->values + targets[slots + k] * t->room;
      for (int64_t i = 0; i < t->room; i += LANES_T) P(store)(row + i, P(load)(first + k * t->count + i));
    }
  }
}

static void P(walk)(const ck_program *program, const P(lot) *t) {
  static const uint32_t *(*const sums_of[])(const ck_sum *, int64_t, const uint32_t *, const P(lot) *) = {
    P(nodes0), P(nodes1), P(nodes2), P(nodes3), P(nodes4)};
  const int64_t vectors = t->room / LANES_T;
  const ck_sum *sum = program->sum;
  const uint32_t *source = program->source, *target = program->target;
  for (int64_t w = 0; w < program->waves; w++) {
    const ck_wave *wave = program->wave + w;
    int64_t slots = 0;
    for (int64_t a = 0; a <= CK_NODE_SQUARE; a++) slots += wave->slots[a];
    for (int64_t l = slots * t->count; l < slots * t->count + LANES_T; l++) t->slots[l] = 0;
    source = sums_of[vectors <= 4 ? vectors : 0](sum, wave->sums, source, t);
    P(activations)(wave, target, t, slots);
    sum += wave->sums;
    target += slots;
  }
}

// Lanes with zeros up to a whole vector.
INL void P(lanes)(const T *x, int64_t count, T *row) {
  int64_t l = 0;
  for (; l + LANES_T <= count; l += LANES_T) P(store)(row + l, P(load)(x + l));
  if (l < count) P(store)(row + l, P(load_mask)(x + l, P(mask_of)(count - l)));
}

// The first lanes of a row.
INL void P(taken)(const T *row, int64_t count, T *out) {
  int64_t l = 0;
  for (; l + LANES_T <= count; l += LANES_T) P(store)(out + l, P(load)(row + l));
  if (l < count) P(store_mask)(out + l, P(load)(row + l), P(mask_of)(count - l));
}

// Networks from `place` on, by their program; their inputs are made ready before and their outputs taken after.
static void P(network)(const ck_networks *p, const ck_program *program, int64_t place, T *values, T *slots) {
  int64_t most = (int64_t)(CK_NETWORK_NEAR / sizeof(T)) / (program->rows + 1) / LANES_T * LANES_T;
  most = most < LANES_T ? LANES_T : most > CK_NETWORK_LANES ? CK_NETWORK_LANES : most;
  for (int64_t at = 0; at < p->lanes; at += most) {
    const int64_t count = p->lanes - at < most ? p->lanes - at : most;
    const int64_t room = (count + LANES_T - 1) / LANES_T * LANES_T;
    P(lanes)((const T *)p->shared + at, count, values);
    const P(lot) t = {
      count, room, (const T *)p->weights + place * p->connections, values, values + room, slots};
    for (int64_t i = 0; i < program->networks; i++) {
      if (program->end[i] == program->first[i]) continue;
      T *row = t.values + program->first[i] * room;
      for (int64_t l = 0; l < room; l += LANES_T) P(store)(row + l, P(spread)(1));
      const T *x = (const T *)p->x + (p->same_input ? 0 : (place + i) * p->lanes * p->inputs) + at;
      for (int64_t n = 0; n < p->inputs; n++) P(lanes)(x + n * p->lanes, count, row + (1 + n) * room);
    }
    P(walk)(program, &t);
    for (int64_t i = 0; i < program->networks; i++) {
      if (program->end[i] == program->first[i]) continue;
      T *out = (T *)p->out + (place + i) * p->lanes * p->outputs + at;
      for (int64_t o = 0; o < p->outputs; o++)
        P(taken)(t.values + (program->end[i] - p->outputs + o) * room, count, out + o * p->lanes);
    }
  }
}
