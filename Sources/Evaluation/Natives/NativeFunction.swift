import Resolution
import Tensors

/// A function of the language written in Swift. Tables of them are joined in `Natives.all`; several of one name are
/// told apart by the kind of the first argument.
struct NativeFunction: Sendable {
  /// Borrows its arguments (`call[i]`, or `call.take(i)` to own one) and gives a value it owns.
  typealias Body = @Sendable (NativeCall) throws -> Value

  var name: String
  /// Parameters; a rest parameter arrives as a list, or, when its name is `_`, as a record of the further named
  /// arguments.
  var signature: Signature
  /// Kinds of the first argument that this definition takes.
  var kinds: KindSet
  /// One or two sentences.
  var doc: String
  /// A runnable example, with its result after `# =>`.
  var example: String
  var body: Body
  /// The elementary function that it is for one float, which calls then take without asking further.
  var scalar: UnaryOperation?

  /// `parameters` such as `["xs", "by?", "...rest"]`: `?` marks one that may be left out.
  init(
    _ name: String, _ parameters: [String], kinds: KindSet = .any, doc: String, example: String = "",
    _ body: @escaping Body
  ) {
    self.name = name
    signature = Signature(
      parameters.map { text in
        if text.hasPrefix("...") { return Signature.Parameter(String(text.dropFirst(3)), isRest: true) }
        if text.hasSuffix("?") { return Signature.Parameter(String(text.dropLast()), hasDefault: true) }
        return Signature.Parameter(text)
      })
    self.kinds = kinds
    self.doc = doc
    self.example = example
    self.body = body
  }
}

/// A native with values of its own (what `grad(f)` gives). The values are in the `.bound` value's list, which the
/// body gets as one more argument behind its parameters.
final class BoundNative: @unchecked Sendable {
  let function: NativeFunction
  /// Anything the body wants to keep between calls; lives as long as the function value in its interpreter.
  var memory: AnyObject?
  let entry: UnsafePointer<NativeEntry>
  init(_ function: NativeFunction) {
    self.function = function
    let pointer = UnsafeMutablePointer<NativeEntry>.allocate(capacity: 1)
    pointer.initialize(to: NativeEntry(function))
    entry = UnsafePointer(pointer)
  }
  deinit {
    let function = UnsafeMutablePointer(mutating: entry.pointee.function)
    function.deinitialize(count: 1)
    function.deallocate()
    UnsafeMutablePointer(mutating: entry).deinitialize(count: 1)
    entry.deallocate()
  }
}

/// The arguments of a native call: one value per parameter, `.unset` where left out, borrowed from the caller's
/// registers.
struct NativeCall {
  unowned(unsafe) let machine: Machine
  let entry: UnsafePointer<NativeFunction>
  let arguments: UnsafeMutablePointer<Value>
  let count: Int
  /// The `.bound` value that is called, borrowed; none for other natives.
  let callee: Value

  var heap: Heap { machine.heap }
  /// The definition that is called.
  var function: NativeFunction { entry.pointee }

  /// A borrowed argument; `.unset` when it was left out.
  @inline(__always) subscript(_ index: Int) -> Value { arguments[index] }

  /// Whether an argument was given (and is not `none`).
  func has(_ index: Int) -> Bool { !arguments[index].isUnset && !arguments[index].isNone }

  /// An argument as the callee's own: nobody else holds it if its count is 1.
  func take(_ index: Int) -> Value {
    let value = arguments[index]
    arguments[index] = .none
    return value
  }
}
