import Diagnostics
import Resolution
import Syntax

/// What was compiled together. Functions that call each other name each other, so none of them holds another: whoever may
/// run one of them holds this.
final class PrototypeUnit: @unchecked Sendable {
  fileprivate var prototypes: [Prototype] = []
}

/// Keeps units alive.
struct HeldUnits {
  private var units: [ObjectIdentifier: PrototypeUnit] = [:]

  /// Keeps all that a prototype may name.
  mutating func hold(_ prototype: Prototype) {
    if let unit = prototype.unit { units[ObjectIdentifier(unit)] = unit }
  }
}

/// The compiled form of one function literal: immutable after compilation, shared by all interpreters of the process.
final class Prototype: @unchecked Sendable {
  /// One parameter.
  struct Parameter: Sendable {
    var name: String
    /// Kinds it takes, as written behind the first parameter; `.any` otherwise.
    var kinds: KindSet
    var hasDefault: Bool
    var isRest: Bool
  }
  /// What a closure takes along: the field's name and how the name was bound.
  struct CapturedName: Sendable {
    var name: String
    var role: BindingRole
    /// Whether it is a field of the closure for programs and trees (functions of the same block and modules are not).
    var isField: Bool { role != .function && role != .module }
  }
  /// Instructions `lower..<upper` run under a handler that starts at `target` with the error in `register`; registers
  /// from `clearFrom` on are dead there.
  struct Handler: Sendable {
    var lower: Int
    var upper: Int
    var target: Int
    var register: Int
    var clearFrom: Int
  }

  /// Name it was declared under, or `fn` for an anonymous one.
  var name: String
  /// Name of the function in which an anonymous one is made: what a model is shown under.
  var maker: String?
  /// The whole literal.
  var span: Span
  /// Its tree, for `source(f)` and trial keys; nil for top-level code.
  var literal: FunctionLiteral?
  var parameters: [Parameter] = []
  var captures: [CapturedName] = []
  var code: [Instruction] = []
  /// Per instruction: what to underline.
  var spans: [Span] = []
  var constants: [Constant] = []
  /// Functions that are made here.
  var children: [Child] = []
  /// What it was compiled with; nil for what stands for natives.
  private(set) unowned var unit: PrototypeUnit?
  var handlers: [Handler] = []
  /// Whether a handler may see the line of an error, which is a fact of the text and not of what is computed.
  var readsErrorLines = false
  /// Argument layouts of calls with names or spreads.
  var calls: [CallShape] = []
  /// What closures made here take along.
  var recipes: [ClosureRecipe] = []
  /// Names of record literals.
  var keyLists: [[String]] = []
  /// Index lists of `x[i, .., j]`.
  var indexLists: [IndexList] = []
  var paths: [AssignmentPath] = []
  var sweeps: [SweepDescription] = []
  /// Names behind a dot that may stand for something else than a function, each with where it is bound and whether it
  /// is called there.
  var methods: [(name: String, bound: Span, isCalled: Bool)] = []
  /// Per instruction that looks for a field, or calls: where the name is bound that hides a function of the library there.
  var hidingNames: [Int: Span] = [:]
  /// Instructions that look for a field to call it.
  var calledFields: Set<Int> = []
  /// Field or library name of each inline cache.
  var cacheNames: [String] = []
  var registerCount = 0
  /// Registers of named locals; temporaries stand above.
  var localCount = 0
  /// Of top-level code: how many of the first registers are globals.
  var keepCount = 0

  /// Belongs to a unit, which holds it.
  init(name: String, span: Span, literal: FunctionLiteral?, unit: PrototypeUnit?) {
    self.name = name
    self.span = span
    self.literal = literal
    self.unit = unit
    unit?.prototypes.append(self)
  }

  /// A function of the same unit.
  struct Child: @unchecked Sendable { unowned let prototype: Prototype }

  /// A constant, turned into a value when an interpreter loads the prototype.
  enum Constant: Hashable, Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(UInt64)
    case string(String)
    /// A long list that is written out; whoever loads it shares it.
    indirect case list([Constant])

    /// Texts are equal by their bytes, as in the language; Swift takes `é` in one character and in two for equal.
    static func == (a: Constant, b: Constant) -> Bool {
      switch (a, b) {
      case (.none, .none): true
      case (.bool(let x), .bool(let y)): x == y
      case (.int(let x), .int(let y)): x == y
      case (.float(let x), .float(let y)): x == y
      case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
      case (.list(let x), .list(let y)): x == y
      default: false
      }
    }
  }

  /// How the arguments of a call are laid out in registers.
  struct CallShape: Sendable, Hashable {
    enum Argument: Sendable, Hashable {
      case positional
      case named(String)
      case spread
    }
    var arguments: [Argument]
  }

  /// How a closure, or a set of definitions, is made.
  struct ClosureRecipe: Sendable {
    /// Index into `children`; for a set of definitions several, with the kinds of each.
    var children: [(child: Int, kinds: KindSet)]
    /// Per capture: a register (≥ 0) or a capture of the running function (−1 − index).
    var sources: [Int]
  }

  /// One index list: true for `..`, false for a value in the next register.
  struct IndexList: Sendable, Hashable { var isWhole: [Bool] }

  /// `root.a.b[i, j] op= v`: steps with how many registers each index takes; the value stands in the last register.
  struct AssignmentPath: Sendable {
    enum Step: Sendable {
      case field(String)
      /// true for `..`
      case index([Bool])
      /// One index that no register of the operands holds: that of a local, or a whole number.
      case local(Int)
      case constant(Int)
    }
    var steps: [Step]
    var operation: BinaryOperator?
  }

  /// A sweep: operands are the axes' values, then the body, then the condition if there is one.
  struct SweepDescription: Sendable {
    var name: String
    var axes: [String]
    /// Where the values of each axis stand.
    var spans: [Span]
    var isZip: Bool
    var pairedBy: [String]?
    var hasCondition: Bool
  }
}

/// A prototype as one interpreter runs it: raw pointers, constants as values of its heap.
struct LoadedPrototype {
  var code: UnsafeMutablePointer<Instruction>
  var constants: UnsafeMutablePointer<Value>
  var caches: UnsafeMutablePointer<InlineCache>
  /// Per recipe.
  var recipes: UnsafeMutablePointer<LoadedRecipe>
  /// Per assignment path.
  var paths: UnsafeMutablePointer<LoadedPath>
  /// Per call with names or spreads.
  var calls: UnsafeMutablePointer<LoadedCall>
  /// Per key list, made at first use.
  var shapes: UnsafeMutablePointer<UnsafeMutablePointer<RecordShape>?>
  var registerCount: Int
  var parameterCount: Int
  /// Arguments with which a positional call needs nothing filled in; -1 when calls take the long way.
  var simpleParameterCount: Int
  /// Kinds of the first argument; a function that does not take any checks them in calls that take the long way.
  var firstKinds: KindSet
  var captureCount: Int
  var constantCount: Int
  /// Registers (globals) that outlive the code.
  var keepCount: Int
  var prototype: Unmanaged<Prototype>
}

extension LoadedPrototype {
  /// The name of the function.
  var name: String { prototype.takeUnretainedValue().name }
}

/// A recipe as one interpreter uses it.
struct LoadedRecipe {
  /// The child's loaded prototype, at first use.
  var child: UnsafeMutablePointer<LoadedPrototype>?
  var sources: UnsafeMutablePointer<Int32>
  var sourceCount: Int32
  var isOverload: Bool
  /// The one closure of a function without captures.
  var shared: Value
}

/// A call with names or spreads as one interpreter makes it: where the arguments go is settled once for each function that is called.
struct LoadedCall {
  /// How many arguments it has; -1 where some are spread.
  var count: Int
  /// How many of them stand in front of the first name.
  var positionalCount: Int
  /// The function (a loaded prototype, or the entry of a native) whose parameters `places` are; nil where none is settled.
  var callee: UnsafeRawPointer?
  /// Per argument.
  var places: UnsafeMutablePointer<Int32>
  /// Whether there is one for each argument: where a rest parameter or a name that is none is in the way, all is bound anew each time.
  var isSettled: Bool { places[0] >= 0 }
}

/// An assignment path as one interpreter uses it.
struct LoadedPath {
  var steps: UnsafeMutablePointer<LoadedStep>
  var stepCount: Int
  /// The operator of `op=`.
  var operation: BinaryOperator?
}

/// A field (with its name, interned, and where it was found the last time), or an index.
struct LoadedStep {
  /// The name, or an index that is a constant.
  var key: Value
  var shape: UInt32 = 0
  var index: Int32 = 0
  /// One index.
  var isPlainIndex: Bool
  /// The local that holds the index, or -1: it is a constant, or stands in the next register of the operands.
  var local: Int32 = -1
}

/// Remembers where a field was found the last time, or what a library name stands for.
struct InlineCache {
  var shape: UInt32 = 0
  var index: Int32 = 0
  /// The name, interned.
  var key: Value
  /// Of a library name: its value.
  var value: Value = .unset
}
