// Networks of nodes, each a list of connections from earlier nodes and an activation: many of them, each on many lanes, a
// vector of lanes at a time. Node 0 is the constant 1, then come the inputs, then the nodes of the code, of which the last
// are the outputs. A node's sum is one chain of fused multiply-adds in the order of its connections.
//
// The code of a network: [nodes, then for each node (activation, incoming, source …)]; weights are in the same order.
//
// Several networks go side by side, by a program (programs.h) in which nodes stand wave by wave: first the sums of a wave, each
// CK_NETWORK_VECTORS vectors at a time, then all of their sines, then all of their exponentials and so on, lane behind lane
// without gaps. Lanes come in tiles of which the values of all networks stay near, CK_NETWORK_NEAR bytes if that is possible.
enum {
  CK_NETWORK_BYTES = CK_PROGRAM_ROWS * 64, CK_NETWORK_NEAR = 64 << 10, CK_NETWORK_VECTORS = 4, CK_NETWORK_LANES = 512,
  CK_NETWORK_TRIG = 64
};

#define T float
#define U uint32_t
#define P(name) CK(name##_f32)
#define N(name) CK_NODE_F32_##name
#define CK_NODE_F32_trig CK(trig_f32)
#define CK_NODE_F32_exp f_exp
#define CK_NODE_F32_tanh f_tanh
#define LANES_T (CK_VECTOR_BYTES / 4)
#include "networks_type.h"
#undef T
#undef U
#undef P
#undef N
#undef LANES_T

#define T double
#define U uint64_t
#define P(name) CK(name##_f64)
#define N(name) CK_NODE_F64_##name
#define CK_NODE_F64_trig CK(trig_f64)
#define CK_NODE_F64_exp d_exp
#define CK_NODE_F64_tanh d_tanh
#define LANES_T (CK_VECTOR_BYTES / 8)
#include "networks_type.h"
#undef T
#undef U
#undef P
#undef N
#undef LANES_T

// Networks first ..< last. Their outcomes: 0, or 1 where the code makes no sense, 2 where it is large, or -1 without memory.
static void CK(network)(int type, const ck_networks *p, int64_t first, int64_t last, int64_t *outcomes) {
  char *scratch = ck_scratch();
  for (int64_t place = first; place < last;) {
    const ck_program *program = scratch ? ck_network_program(p, place, last) : NULL;
    if (!program) {
      outcomes[place++] = -1;
      continue;
    }
    for (int64_t i = 0; i < program->networks; i++) outcomes[place + i] =
        program->end[i] > program->first[i] ? 0 : ck_network_is_large(p, p->code + (place + i) * p->words) ? 2 : 1;
    if (type == CK_F64)
      CK(network_f64)(p, program, place, (double *)scratch, (double *)(scratch + CK_NETWORK_BYTES));
    else CK(network_f32)(p, program, place, (float *)scratch, (float *)(scratch + CK_NETWORK_BYTES));
    place += program->networks;
  }
}
