extension Natives {
  static let linearAlgebra: [NativeFunction] = []
}
