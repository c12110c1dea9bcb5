/// Natives on tensors, gradients, randomness. (The bridge's table.)
extension Natives {
  static let tensors: [NativeFunction] = []
}
