// The variant that every processor of the architecture can run.
#include "ckernels.h"
#define CK(name) ck_base_##name
#define CK_VARIANT_NAME "base"
#define CK_VECTOR_BYTES 16
#if defined(__aarch64__) || defined(__FMA__)
#define CK_HARDWARE_FMA 1
#else
#define CK_HARDWARE_FMA 0
#endif
#include "variant/variant.h"
