// Programs of networks: their codes are checked once, and their nodes sorted so that neighbours are independent of each
// other, have as many connections, and that activations come together.
#include "programs.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Programs that a thread keeps, each with the codes that it was made of; larger ones share one place.
enum { KEPT = 1024, KEPT_WORDS = 8192 };
typedef struct made {
  int64_t words, inputs, outputs, connections, count;
  ck_program program;
  // The codes, then what the program points to.
  int64_t *memory;
  int64_t bytes;
} made;
typedef struct programs {
  made kept[KEPT + 1];
} programs;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local programs *mine;

static void release(void *all) {
  for (int i = 0; i <= KEPT; i++) free(((programs *)all)->kept[i].memory);
  free(all);
}
static void make_key(void) { pthread_key_create(&key, release); }

static programs *of_this_thread(void) {
  if (mine) return mine;
  pthread_once(&once, make_key);
  mine = calloc(1, sizeof *mine);
  if (mine) pthread_setspecific(key, mine);
  return mine;
}

// Rows of a network: the constant, the inputs, the nodes. 0 where its code cannot be right, or is large.
static int64_t rows_of(const ck_networks *p, const int64_t *code) {
  if (p->words < 1) return 0;
  const int64_t nodes = code[0];
  if (nodes < p->outputs || nodes > p->words || ck_network_is_large(p, code)) return 0;
  return 1 + p->inputs + nodes;
}

int ck_network_is_large(const ck_networks *p, const int64_t *code) {
  return p->words > 0 && code[0] > 0 && code[0] <= p->words && 2 + p->inputs + code[0] > CK_PROGRAM_ROWS;
}

// A node on its way into a program. Its wave is the number of queues that must be emptied before it, its depth the length of
// the chain behind it within that wave.
typedef struct node {
  uint32_t wave, depth, base;
  ck_sum sum;
  const int64_t *sources;
} node;

// The nodes of one network, checked; how many connections they have, or -1 where the code makes no sense.
static int64_t read_code(const ck_networks *p, const int64_t *code, int64_t base, int64_t weight, node *nodes) {
  const int64_t *at = code + 1, before = 1 + p->inputs;
  int64_t words = p->words - 1, connections = 0;
  for (int64_t n = 0; n < code[0]; n++) {
    if (words < 2) return -1;
    const int64_t activation = at[0], incoming = at[1];
    words -= 2;
    if (activation < CK_NODE_LINEAR || activation > CK_NODE_SQUARE) return -1;
    if (incoming < 0 || incoming > words || incoming > p->connections - connections) return -1;
    node *it = nodes + n;
    *it = (node){
      .base = (uint32_t)base, .sum = {
        .row = (uint32_t)(base + before + n), .weight = weight + connections, .incoming = (uint32_t)incoming,
        .activation = (uint32_t)activation},
      .sources = at + 2};
    for (int64_t c = 0; c < incoming; c++) {
      const int64_t source = at[2 + c];
      if (source < 0 || source >= before + n) return -1;
      if (source < before) continue;
      const node *from = nodes + source - before;
      const uint32_t queued = CK_NODE_QUEUED >> from->sum.activation & 1;
      const uint32_t wave = from->wave + queued, depth = queued ? 0 : from->depth + 1;
      if (wave > it->wave) it->wave = wave, it->depth = depth;
      else if (wave == it->wave && depth > it->depth) it->depth = depth;
    }
    at += 2 + incoming;
    words -= incoming;
    connections += incoming;
  }
  return connections;
}

// The order of `count` numbers, stable: a pass of a sort. `counts` has room for one more than the largest.
static void sort_by(const uint32_t *numbers, int64_t count, const uint32_t *order, uint32_t *out, uint32_t *counts) {
  uint32_t most = 0;
  for (int64_t i = 0; i < count; i++) most = numbers[i] > most ? numbers[i] : most;
  memset(counts, 0, (most + 2) * sizeof *counts);
  for (int64_t i = 0; i < count; i++) counts[numbers[i] + 1]++;
  for (uint32_t i = 0; i <= most; i++) counts[i + 1] += counts[i];
  for (int64_t i = 0; i < count; i++) out[counts[numbers[order[i]]]++] = order[i];
}

// Nodes by wave, depth and number of connections. `work` has room for four numbers each, and the largest of them.
static uint32_t *sorted(const node *nodes, int64_t count, uint32_t *work) {
  uint32_t *numbers = work, *order = work + count, *next = work + 2 * count, *counts = work + 3 * count;
  for (int64_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  for (int pass = 0; pass < 3; pass++) {
    for (int64_t i = 0; i < count; i++)
      numbers[i] = pass == 0 ? nodes[i].sum.incoming : pass == 1 ? nodes[i].depth : nodes[i].wave;
    sort_by(numbers, count, order, next, counts);
    uint32_t *swap = order;
    order = next;
    next = swap;
  }
  return order;
}

// Lays out the sorted nodes as a program, slots by activation within each wave.
static void lay_out(
  ck_program *program, const node *nodes, int64_t count, const uint32_t *order, ck_wave *waves, ck_sum *sums,
  uint32_t *sources, uint32_t *targets) {
  program->waves = 0;
  program->wave = waves, program->sum = sums, program->source = sources, program->target = targets;
  for (int64_t i = 0, end; i < count; i = end) {
    ck_wave *wave = waves + program->waves++;
    memset(wave, 0, sizeof *wave);
    for (end = i; end < count && nodes[order[end]].wave == nodes[order[i]].wave; end++) {
      const uint32_t activation = nodes[order[end]].sum.activation;
      if (CK_NODE_QUEUED >> activation & 1) wave->slots[activation]++;
    }
    wave->sums = end - i;
    uint32_t next[CK_NODE_SQUARE + 1], slots = 0;
    for (int a = 0; a <= CK_NODE_SQUARE; a++) next[a] = slots, slots += (uint32_t)wave->slots[a];
    for (int64_t k = i; k < end; k++) {
      const node *it = nodes + order[k];
      *sums = it->sum;
      if (CK_NODE_QUEUED >> it->sum.activation & 1) {
        targets[next[it->sum.activation]] = it->sum.row;
        sums->slot = ++next[it->sum.activation];
      }
      for (uint32_t c = 0; c < it->sum.incoming; c++) *sources++ = it->base + (uint32_t)it->sources[c];
      sums++;
    }
    targets += slots;
  }
}

// Makes the program of the codes that `it` holds a copy of. 0 without memory.
static int make_program(made *it, const ck_networks *p, const int64_t *codes) {
  ck_program *program = &it->program;
  int64_t count = 0, connections = 0;
  for (int64_t i = 0; i < program->networks; i++) count += program->end[i] - program->first[i];
  const int64_t words = program->networks * p->words;
  node *nodes = malloc((size_t)(count + 1) * sizeof *nodes);
  uint32_t *work = malloc((size_t)(3 * count + count + p->words + 4) * sizeof *work);
  if (nodes && work) {
    int64_t made = 0;
    for (int64_t i = 0; i < program->networks; i++) {
      if (program->end[i] == program->first[i]) continue;
      const int64_t *code = codes + i * p->words;
      const int64_t found = read_code(p, code, program->first[i], i * p->connections, nodes + made);
      if (found < 0) program->end[i] = program->first[i];
      else made += code[0], connections += found;
    }
    count = made;
    const int64_t bytes = 8 + words * 8 + count * (int64_t)(sizeof(ck_wave) + sizeof(ck_sum) + 4) + connections * 4;
    if (bytes > it->bytes) {
      free(it->memory);
      it->memory = malloc((size_t)bytes);
      it->bytes = it->memory ? bytes : 0;
    }
    if (it->memory) {
      memcpy(it->memory, codes, (size_t)words * 8);
      ck_wave *waves = (ck_wave *)(it->memory + words);
      ck_sum *sums = (ck_sum *)(waves + count);
      uint32_t *sources = (uint32_t *)(sums + count), *targets = sources + connections;
      lay_out(program, nodes, count, sorted(nodes, count, work), waves, sums, sources, targets);
    }
  }
  const int is_made = nodes && work && it->memory;
  free(nodes);
  free(work);
  return is_made;
}

const ck_program *ck_network_program(const ck_networks *p, int64_t place, int64_t last) {
  programs *all = of_this_thread();
  if (!all) return NULL;
  const int64_t *codes = p->code + place * p->words;
  ck_program program = {0};
  for (; program.networks < CK_PROGRAM_NETWORKS && place + program.networks < last; program.networks++) {
    const int64_t rows = rows_of(p, codes + program.networks * p->words);
    if (1 + program.rows + rows > CK_PROGRAM_ROWS) break;
    program.first[program.networks] = program.rows;
    program.end[program.networks] = program.rows += rows;
  }
  const int64_t words = program.networks * p->words;
  made *it = &all->kept[words > KEPT_WORDS ? KEPT : place % KEPT];
  if (it->count == program.networks && it->words == p->words && it->inputs == p->inputs && it->outputs == p->outputs
      && it->connections == p->connections && it->memory && memcmp(it->memory, codes, (size_t)words * 8) == 0)
    return &it->program;
  it->words = p->words, it->inputs = p->inputs, it->outputs = p->outputs, it->connections = p->connections;
  it->count = program.networks;
  it->program = program;
  if (make_program(it, p, codes)) return &it->program;
  it->count = 0;
  return NULL;
}
