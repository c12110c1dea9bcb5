/// A JSON value that keeps the order of its members and tells integers from doubles, so that what is written reads
/// back the same.
public enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int)
  /// A finite double; JSON has no others, and the writer gives `null` for them. `Datum` has a form of its own for NaN
  /// and infinity.
  case float(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Hashable {
    /// Its key.
    public var key: String
    /// Its value.
    public var value: JSON
    /// Makes a member.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The value of the first member with a key; nil when this is no object or has no such member.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// An object with one member more, at its end.
  public func adding(_ key: String, _ value: JSON) -> JSON { .object((members ?? []) + [Member(key, value)]) }

  /// The text, if this is a string.
  public var string: String? { if case .string(let s) = self { return s } else { return nil } }
  /// The number, if this is an integer.
  public var int: Int? { if case .int(let i) = self { return i } else { return nil } }
  /// The truth value, if this is one.
  public var bool: Bool? { if case .bool(let b) = self { return b } else { return nil } }
  /// The number as a double, if this is a number.
  public var number: Double? {
    switch self {
    case .int(let i): return Double(i)
    case .float(let x): return x
    default: return nil
    }
  }
  /// The elements, if this is an array.
  public var array: [JSON]? { if case .array(let xs) = self { return xs } else { return nil } }
  /// The members, if this is an object.
  public var members: [Member]? { if case .object(let ms) = self { return ms } else { return nil } }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A double.
  public init(floatLiteral value: Double) { self = .float(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object, members in the order written.
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
}
