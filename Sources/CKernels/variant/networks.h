// Networks of nodes, each a list of connections from earlier nodes and an activation: many of them, each on many lanes, a
// vector of lanes at a time. Node 0 is the constant 1, then come the inputs, then the nodes of the code, of which the last
// are the outputs. A node's sum is one chain of fused multiply-adds in the order of its connections.
//
// The code of a network: [nodes, then for each node (activation, incoming, source …)]; weights are in the same order.
// CK_NETWORK_VECTORS of them are summed side by side, so that a connection is looked up once for all.
enum { CK_NETWORK_BYTES = 1 << 20, CK_NETWORK_VECTORS = 4 };

#define T float
#define P(name) CK(name##_f32)
#define N(name) CK_NODE_F32_##name
#define CK_NODE_F32_trig CK(trig_f32)
#define CK_NODE_F32_exp f_exp
#define CK_NODE_F32_tanh f_tanh
#define CK_NODE_F32_neg f_neg
#define CK_NODE_F32_abs f_abs
#define CK_NODE_F32_max f_max
#define LANES_T (CK_VECTOR_BYTES / 4)
#include "networks_type.h"
#undef T
#undef P
#undef N
#undef LANES_T

#define T double
#define P(name) CK(name##_f64)
#define N(name) CK_NODE_F64_##name
#define CK_NODE_F64_trig CK(trig_f64)
#define CK_NODE_F64_exp d_exp
#define CK_NODE_F64_tanh d_tanh
#define CK_NODE_F64_neg d_neg
#define CK_NODE_F64_abs d_abs
#define CK_NODE_F64_max d_max
#define LANES_T (CK_VECTOR_BYTES / 8)
#include "networks_type.h"
#undef T
#undef P
#undef N
#undef LANES_T

// 0, or 1 where the code makes no sense, or -1 without memory.
static int64_t CK(network)(int type, const ck_networks *p, int64_t place) {
  if (p->words < 1) return 1;
  const int64_t nodes = p->code[place * p->words];
  if (nodes < p->outputs || nodes > p->words) return 1;
  if (2 + p->inputs + nodes > CK_NETWORK_BYTES / CK_VECTOR_BYTES) return 1;
  void *values = ck_scratch();
  if (!values) return -1;
  return !(type == CK_F64 ? CK(network_f64)(p, place, values) : CK(network_f32)(p, place, values));
}
