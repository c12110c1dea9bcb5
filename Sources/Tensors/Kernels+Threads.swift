import CKernels

extension Kernels {
  /// Sets the running thread's floating-point control to what the kernels assume (nearest rounding, subnormals kept, no
  /// traps): called where a thread that evaluates begins, because threads inherit it from whoever made them.
  public static func setFloatingPointControl() { ck_float_control() }
}
