/// Kinds of value by which a call may pick a definition.
struct KindSet: OptionSet, Hashable, Sendable {
  let rawValue: UInt16

  static let none = KindSet(rawValue: 1)
  static let bool = KindSet(rawValue: 2)
  static let number = KindSet(rawValue: 4)
  static let string = KindSet(rawValue: 8)
  static let list = KindSet(rawValue: 16)
  static let record = KindSet(rawValue: 32)
  static let range = KindSet(rawValue: 64)
  static let tensor = KindSet(rawValue: 128)
  static let function = KindSet(rawValue: 256)
  static let table = KindSet(rawValue: 512)
  static let figure = KindSet(rawValue: 1024)
  static let module = KindSet(rawValue: 2048)
  static let any = KindSet(rawValue: 0xFFFF)
  /// Anything that can be a tree of numbers besides a tensor.
  static let tree: KindSet = [.list, .record, .function]

  /// The set that a kind's name in a parameter stands for; nil for a name that is none.
  static func named(_ name: String) -> KindSet? {
    switch name {
    case "none": KindSet.none
    case "bool": .bool
    case "number", "int", "float": .number
    case "string": .string
    case "list": [.list, .range]
    case "range": .range
    case "record": .record
    case "tensor": .tensor
    case "function": .function
    case "table": .table
    case "figure": .figure
    default: nil
    }
  }

  /// Names of its kinds, for messages.
  var names: [String] {
    let all: [(KindSet, String)] = [
      (.none, "none"), (.bool, "bool"), (.number, "number"), (.string, "string"), (.list, "list"), (.range, "range"),
      (.record, "record"), (.table, "table"), (.tensor, "tensor"), (.function, "function"), (.figure, "figure"),
      (.module, "module"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}

extension Value {
  /// The one kind of this value.
  var kinds: KindSet {
    switch tag {
    case .none, .unset: .none
    case .bool: .bool
    case .int, .float: .number
    case .native, .closure, .overload, .bound: .function
    case .string: .string
    case .list: .list
    case .record: .record
    case .range: .range
    case .tensor: .tensor
    case .table: .table
    case .figure: .figure
    case .module: .module
    }
  }
}
