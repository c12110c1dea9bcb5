// First form of the matrix product: the right order, no blocking.
#define K_BLOCK 256
#define SIMPLE_PRODUCT(name, T, FUSED, MAXIMUM)                                                   \
  static void CK(name)(const ck_product *p) {                                                     \
    const T *a = p->a, *b = p->b, *bias = p->bias;                                                \
    T *c = p->c;                                                                                  \
    for (int64_t i = 0; i < p->m; i++)                                                            \
      for (int64_t j = 0; j < p->n; j++) {                                                        \
        T sum = 0;                                                                                \
        for (int64_t k0 = 0; k0 < p->k; k0 += K_BLOCK) {                                          \
          T acc = 0;                                                                              \
          int64_t k1 = k0 + K_BLOCK < p->k ? k0 + K_BLOCK : p->k;                                 \
          for (int64_t k = k0; k < k1; k++)                                                       \
            acc = FUSED(p->trans_a ? a[k * p->lda + i] : a[i * p->lda + k],                       \
                        p->trans_b ? b[j * p->ldb + k] : b[k * p->ldb + j], acc);                 \
          sum = k0 == 0 ? acc : sum + acc;                                                        \
        }                                                                                         \
        if (bias) sum = sum + bias[j];                                                            \
        if (p->activation) sum = MAXIMUM((T)p->constant, sum);                                    \
        c[i * p->ldc + j] = sum;                                                                  \
      }                                                                                           \
  }
SIMPLE_PRODUCT(product_f32, float, FMAF, f_max)
SIMPLE_PRODUCT(product_f64, double, FMA, d_max)
