/// Making figures; what they look like is decided in Exp (`stdlib/figures.exp`, `stdlib/plots.exp`) and drawn in `Reports`.
extension Natives {
  static let figures: [NativeFunction] = [
    NativeFunction(
      "figure", ["r"], kinds: .record, doc: "A figure from the record that describes it (form: docs/natives.md).",
      example: """
        let dots = { kind: "points", name: "p", x: [1, 2], y: [3, 4] }
        kind(figure({ title: "t", marks: [dots] }))  # => "figure"
        """
    ) { call in call.heap.box(.figure, call.heap.retained(call[0])) },
    NativeFunction(
      "description", ["f"], kinds: .figure, doc: "The record that describes a figure.",
      example: "description(figure({ title: \"t\", marks: [] })).title  # => \"t\""
    ) { call in call.heap.retained(call[0].box.pointee.first) },
  ]
}
