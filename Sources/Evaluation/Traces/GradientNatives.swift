import Graphs
import Tensors

extension Natives {
  static let gradientNatives: [NativeFunction] = [
    NativeFunction(
      "grad", ["f"], doc: "The function that gives the gradient of f by its first argument, which may be any tree.",
      example: "grad(x -> x^3)(2.0) # => 12.0"
    ) { call in bind(call, gradient, [try call.function(0)]) },
    NativeFunction(
      "value_and_grad", ["f", "training?"],
      doc:
        "The function that gives `{ value, grad, next }`: f's value, its gradient by the first argument, and the first argument with its new states when `training: true`.",
      example: "value_and_grad(x -> x^3)(2.0).value # => 8.0"
    ) { call in bind(call, valueAndGradient, [try call.function(0), Value(try call.bool(1, default: false))]) },
    NativeFunction(
      "jvp", ["f", "x", "v"], doc: "The derivative of f at x in the direction v.",
      example: "jvp(x -> x^2, 3.0, 1.0) # => 6.0"
    ) { call in try Gradient(call.machine, "jvp").jvp(try call.function(0), call[1], call[2]) },
    NativeFunction(
      "vjp", ["f", "x", "u"], doc: "The gradient by x of the inner product of f(x) with u.",
      example: "vjp(x -> x^2, 3.0, 1.0) # => 6.0"
    ) { call in try Gradient(call.machine, "vjp").vjp(try call.function(0), call[1], call[2]) },
    NativeFunction(
      "hessian", ["f"],
      doc:
        "The function that gives the matrix of second derivatives: of shape S + S for a tensor of shape S, otherwise over all leaves in order. Where f branches on contents, or prints, it goes row by row.",
      example: "hessian(x -> x^3)(2.0) # => 12.0"
    ) { call in bind(call, hessian, [try call.function(0)]) },
    NativeFunction(
      "jacobian", ["f"],
      doc:
        "The function that gives the matrix of first derivatives of f: of shape T + S for tensors of shapes S and T, otherwise over all leaves in order. In reverse mode where f gives fewer numbers than it takes, as one gradient for each, and otherwise in forward mode, as where f has no reverse mode; where a derivative is infinite, NaN stands in other places in reverse mode than in forward mode. Where f branches on contents, or prints, it goes row by row.",
      example: "jacobian(x -> x ^ 2)(tensor([1.0, 3.0])) # => tensor([[2, 0], [0, 6]])"
    ) { call in bind(call, jacobian, [try call.function(0)]) },
    NativeFunction(
      "custom_gradient", ["f", "rule"],
      doc:
        "f with a derivative of one's own: rule(x, g) gives, for the cotangent g of f(x), that of x; it is linear in g, whose content it does not see. What f captured gets no gradient.",
      example: "grad(x -> sum(custom_gradient(round, (x, g) -> g)(x)))(tensor([2.3])) # => tensor([1])"
    ) { call in bind(call, CustomGradient.function, [try call.function(0), try call.function(1)]) },
    NativeFunction(
      "training", [],
      doc:
        "Whether a model is being trained (by `value_and_grad(f, training: true)`); `evaluating` says no for what it calls.",
      example: "training() # => false"
    ) { call in Value(call.machine.tensors.isTraining) },
    NativeFunction(
      "evaluating", ["f"],
      doc:
        "f(), with all models in it used as they are, also where another one is being trained: `training()` is false, so that `dropout` keeps everything, `batch_norm` uses what it remembers, and no state is assigned. For the teacher of a distillation, say.",
      example:
        "value_and_grad(w -> evaluating(() -> if training() { w } else { 2 * w }), training: true)(3.0).value # => 6.0"
    ) { call in
      let state = call.machine.tensors
      let wasTraining = state.isTraining
      state.isTraining = false
      defer { state.isTraining = wasTraining }
      return try call.machine.call(try call.function(0), [])
    },
    NativeFunction(
      "vmap", ["f"],
      doc:
        "The function that applies f to each entry of its first argument's tensors along their first axis, and stacks the results. Further arguments are the same for all entries; a record as the first one goes over several tensors at once. Entries draw under their indexes.",
      example: "vmap(row -> sum(row))(tensor([[1, 2], [3, 4]]))"
    ) { call in bind(call, mapped, [try call.function(0)]) },
    NativeFunction(
      "scan", ["f", "start", "xs", "axis?"],
      doc:
        "Folds f(carry, x), which gives `{ carry, out }`, over the entries of xs along an axis; gives the last carry and the outs, stacked along the same axis (their last one where they have fewer).",
      example: "scan((c, x) -> { carry: c + x, out: c + x }, 0.0, tensor([1, 2, 3])).out"
    ) { call in try TreeLoops(call).scan() },
    NativeFunction(
      "grid", ["xs", "...rest", "f?"],
      doc:
        "The tensor of f(x) for x in xs, or of f(x, y) for x in xs and y in ys (rows for xs: what is drawn over a plane, with rows for y, is `grid(ys, xs, (y, x) -> …)`); f is compiled where it can be. Entries draw under their indexes.",
      example: "grid([1, 2], [10, 20], (x, y) -> x + y)"
    ) { call in try TreeLoops(call).grid() },
  ]

  /// A function value that remembers values; takes over none of them.
  static func bind(_ call: NativeCall, _ function: NativeFunction, _ values: [Value]) -> Value {
    let heap = call.heap
    return heap.box(.bound, heap.list(values.map { heap.retained($0) }), .none, object: BoundNative(function))
  }

  /// The values that a bound native remembers: behind its parameters.
  static func held(_ call: NativeCall, _ index: Int) -> Value {
    call[call.function.signature.parameters.count].list.elements[index]
  }

  private static func arguments(_ call: NativeCall) -> (rest: [Value], named: [(String, Value)]) {
    let rest = call[1].list
    var named: [(String, Value)] = []
    if call[2].tag == .record {
      let record = call[2].record
      for i in 0..<record.count { named.append((record.name(i), record.values[i])) }
    }
    return ((0..<rest.count).map { rest.elements[$0] }, named)
  }

  private static let gradient = NativeFunction("grad(f)", ["x", "...rest", "..._"], doc: "The gradient of f at x.") {
    call in
    let (rest, named) = arguments(call)
    let result = try Gradient(call.machine, "grad").valueAndGradient(
      held(call, 0), call[0], rest, named: named, training: false)
    call.heap.release(result.value)
    call.heap.release(result.next)
    return result.gradient
  }

  private static let valueAndGradient = NativeFunction(
    "value_and_grad(f)", ["x", "...rest", "..._"], doc: "The value and the gradient of f at x."
  ) { call in
    let (rest, named) = arguments(call)
    let result = try Gradient(call.machine, "value_and_grad").valueAndGradient(
      held(call, 0), call[0], rest, named: named, training: held(call, 1).asBool)
    return call.heap.record([("value", result.value), ("grad", result.gradient), ("next", result.next)])
  }

  private static let hessian = NativeFunction("hessian(f)", ["x", "...rest"], doc: "The Hessian of f at x.") { call in
    let rest = call[1].list
    return try Jacobian(call.machine, "hessian").hessian(
      held(call, 0), call[0], (0..<rest.count).map { rest.elements[$0] })
  }

  private static let jacobian = NativeFunction("jacobian(f)", ["x", "...rest"], doc: "The Jacobian of f at x.") {
    call in
    let rest = call[1].list
    return try Jacobian(call.machine, "jacobian").jacobian(
      held(call, 0), call[0], (0..<rest.count).map { rest.elements[$0] })
  }

  private static let mapped = NativeFunction("vmap(f)", ["x", "...rest"], doc: "f of each entry.") { call in
    try TreeLoops(call).map(held(call, 0))
  }
}
