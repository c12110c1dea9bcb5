// The slowly varying factor of the normal tail: R(t) = (a + 4) exp(a^2 / 2) Phi(-a), t = (a - 4) / (a + 4), 0 <= a <= 40.
// Interpolated at Chebyshev nodes; relative error 2^-57.695.
// `lo` is what the sum lacks, for a t that lacks t_lo: the last steps, which decide the last place, keep their rounding errors.
#define TAIL_STEP(c, c_lo)                                    \
  {                                                           \
    double product = p * t, sum = product + (c);              \
    double back = sum - product;                              \
    double lost = (product - (sum - back)) + ((c) - back);    \
    lost += FMA(p, t, -product) + (c_lo);                     \
    e = FMA(e, t, FMA(p, t_lo, lost));                        \
    p = sum;                                                  \
  }
INL double d_tail_r(double t, double t_lo, double *lo) {
  double p = -0x1.8d587b432f065p-31;
  p = FMA(p, t, -0x1.5929145f28705p-29);
  p = FMA(p, t, 0x1.0790e75d68ebdp-29);
  p = FMA(p, t, 0x1.5083bc814519ep-26);
  p = FMA(p, t, 0x1.c7a5cd3cedadap-27);
  p = FMA(p, t, -0x1.6ea9366c71d31p-24);
  p = FMA(p, t, -0x1.4cb4177d9055cp-23);
  p = FMA(p, t, 0x1.23d2974c408ccp-22);
  p = FMA(p, t, 0x1.12365ab4f70dap-20);
  p = FMA(p, t, -0x1.520fe422b9a7cp-21);
  p = FMA(p, t, -0x1.8d4b8226b2abep-18);
  p = FMA(p, t, 0x1.80c1d81b2e133p-21);
  p = FMA(p, t, 0x1.26d0a086a6f5fp-15);
  p = FMA(p, t, -0x1.001f476f64d56p-19);
  p = FMA(p, t, -0x1.e4a425e64becdp-13);
  p = FMA(p, t, 0x1.17a4aec5034d2p-13);
  p = FMA(p, t, 0x1.ab825fc31e6b6p-10);
  p = FMA(p, t, -0x1.c81719d61b984p-9);
  p = FMA(p, t, -0x1.ee27610489488p-8);
  p = FMA(p, t, 0x1.eec4cc3e4dc28p-5);
  double e = 0;
  TAIL_STEP(-0x1.7dff2bff6836fp-3, -0x1.ed818b32960b4p-58)
  TAIL_STEP(0x1.8c6dbf2cfc2afp-2, -0x1.2166638138120p-56)
  TAIL_STEP(-0x1.373e3a893c28ap-1, -0x1.b4d35faccc3c7p-56)
  TAIL_STEP(0x1.82b4bb8c94dcep-1, -0x1.9954660f06f5fp-56)
  *lo = e;
  return p;
}
