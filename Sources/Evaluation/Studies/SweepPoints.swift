import Records
import Tensors

/// The points of a sweep, in grid order: what stands along each axis, and which places are kept. Nothing is held for each point, of
/// which there may be millions.
public struct SweepPoints: RandomAccessCollection, Sendable {
  /// The first index.
  public let startIndex = 0
  /// How many there are.
  public let endIndex: Int
  private let axes: [SweepAxis]
  private let isZip: Bool
  /// How far apart in the whole grid neighbours along each axis are.
  private let strides: [Int]
  /// Places in the whole grid, where a condition leaves some out.
  private let kept: [Int]?

  init(_ axes: [SweepAxis], isZip: Bool, kept: [Int]?) {
    self.axes = axes
    self.isZip = isZip
    self.kept = kept
    var strides = axes.map { _ in 1 }
    for axis in axes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * axes[axis + 1].count }
    self.strides = strides
    endIndex = kept?.count ?? (isZip ? axes.first?.count ?? 1 : axes.reduce(1) { $0 * $1.count })
  }

  /// Points as they are, each with as many coordinates.
  public init(_ points: [[Datum]]) {
    let axes = (0..<(points.first?.count ?? 0)).map { axis in SweepAxis(data: points.map { $0[axis] }) }
    self.init(axes, isZip: true, kept: axes.isEmpty ? [Int](repeating: 0, count: points.count) : nil)
  }

  /// The coordinates of a point as data.
  public subscript(index: Int) -> [Datum] { axes.indices.map { axes[$0].datum(place(of: index, along: $0)) } }

  /// The coordinates of a point for another interpreter.
  func coordinates(_ index: Int) -> [PortableValue] {
    axes.indices.map { axes[$0].portable(place(of: index, along: $0)) }
  }

  /// Which value of an axis a point has.
  func place(of index: Int, along axis: Int) -> Int {
    let whole = kept?[index] ?? index
    return isZip ? whole : whole / strides[axis] % axes[axis].count
  }

  /// Coordinates that are or hold functions, in the order in which they first stand in a point.
  var functions: [PortableValue] {
    let holders = axes.indices.filter { axes[$0].holdsFunctions }
    guard !holders.isEmpty else { return [] }
    var seen = holders.map { [Bool](repeating: false, count: axes[$0].count) }
    var found: [PortableValue] = []
    for index in indices {
      for (number, axis) in holders.enumerated() {
        let place = place(of: index, along: axis)
        guard !seen[number][place] else { continue }
        seen[number][place] = true
        found.append(axes[axis].portable(place))
      }
    }
    return found
  }

  /// What stands for each value of each axis in a trial's key; nil for an axis of plain values, which are quick to hash.
  func hashes(_ hash: (PortableValue) -> [UInt8]) -> [[[UInt8]]?] {
    axes.map { axis in axis.isPlain ? nil : (0..<axis.count).map { hash(axis.portable($0)) } }
  }

  /// A word for each value of each axis whose text does not say what it is; nil for an axis that has none.
  func words(_ word: (PortableValue) throws -> String?) rethrows -> [[String?]?] {
    try axes.map { axis in
      guard !axis.isPlain else { return nil }
      let words = try (0..<axis.count).map { try word(axis.portable($0)) }
      return words.contains { $0 != nil } ? words : nil
    }
  }

  /// The first point that stands there for the second time, with the one before. `poll` may end the search.
  func firstDuplicate(_ poll: (Int) throws -> Void) rethrows -> (earlier: Int, later: Int)? {
    let identities = try axes.map { try $0.identities(poll) }
    // Nothing stands twice in a grid without equal values, nor where one of zipped axes has none.
    if isZip ? identities.contains(where: { $0 == nil }) : identities.allSatisfy({ $0 == nil }) { return nil }
    var words = [Int](repeating: 0, count: count)
    for (axis, identity) in identities.enumerated() {
      var numbers = [Int: Int](minimumCapacity: count)
      for index in indices {
        try poll(index)
        let place = place(of: index, along: axis), word = words[index] * axes[axis].count + (identity?[place] ?? place)
        words[index] = numbers[word] ?? numbers.count
        numbers[word] = words[index]
      }
    }
    var seen = [Int](repeating: -1, count: count)
    for index in indices {
      try poll(index)
      if seen[words[index]] >= 0 { return (seen[words[index]], index) }
      seen[words[index]] = index
    }
    return nil
  }
}

/// The values along one axis of a sweep, for any thread.
struct SweepAxis: @unchecked Sendable {
  private enum Values {
    /// Numbers, truths, none: they are on nobody's heap.
    case plain([Value])
    case copied([PortableValue], [Datum])
  }
  private let values: Values

  /// Values on a machine's heap, which it goes on owning. Throws for what no other interpreter can take, and where the work is to stop.
  init(_ values: [Value], _ machine: Machine) throws {
    if values.allSatisfy({ $0.tag.rawValue <= Tag.float.rawValue }) {
      self.values = .plain(values)
      return
    }
    var copies: [PortableValue] = [], data: [Datum] = []
    for (index, value) in values.enumerated() {
      try machine.pollInterrupt(at: index)
      copies.append(try machine.portable(value))
      data.append(try machine.datum(value))
    }
    self.values = .copied(copies, data)
  }

  init(data: [Datum]) {
    values = .copied([], data)
  }

  var count: Int {
    switch values {
    case .plain(let values): values.count
    case .copied(_, let data): data.count
    }
  }

  var isPlain: Bool {
    if case .plain = values { true } else { false }
  }

  func datum(_ place: Int) -> Datum {
    switch values {
    case .plain(let values):
      switch values[place].tag {
      case .bool: .bool(values[place].asBool)
      case .int: .int(values[place].asInt)
      case .float: .float(values[place].asDouble)
      default: .none
      }
    case .copied(_, let data): data[place]
    }
  }

  func portable(_ place: Int) -> PortableValue {
    switch values {
    case .plain(let values):
      var copy = PortableValue()
      copy.append(.plain(values[place]))
      return copy
    case .copied(let copies, _): return copies[place]
    }
  }

  var holdsFunctions: Bool {
    guard case .copied(let copies, _) = values else { return false }
    return copies.contains { copy in
      copy.nodes.contains { node in
        switch node {
        case .closure: true
        case .plain(let value): value.tag == .native
        default: false
        }
      }
    }
  }

  /// Whether each number is greater than the one before, or each is less: then all are different.
  private var isMonotonic: Bool {
    guard case .plain(let values) = values, let first = values.first, first.isNumber else { return false }
    let pairs = zip(values, values.dropFirst())
    return pairs.allSatisfy { $1.isNumber && $0.number < $1.number }
      || pairs.allSatisfy { $1.isNumber && $0.number > $1.number }
  }

  /// For each place the first one with the same value, of which no program can tell it apart; nil where all are different.
  func identities(_ poll: (Int) throws -> Void) rethrows -> [Int]? {
    if isMonotonic { return nil }
    // Equal data are few, and for these alone it is looked whether they are the same.
    var equal = [Datum: [(place: Int, digest: [UInt8])]](minimumCapacity: count), places: [Int] = []
    places.reserveCapacity(count)
    for place in 0..<count {
      try poll(place)
      let datum = datum(place)
      guard var others = equal[datum] else {
        equal[datum] = [(place, [])]
        places.append(place)
        continue
      }
      if others[0].digest.isEmpty { others[0].digest = digest(others[0].place) }
      let own = digest(place), first = others.first { $0.digest == own }?.place
      if first == nil { others.append((place, own)) }
      equal[datum] = others
      places.append(first ?? place)
    }
    return places.indices.allSatisfy { places[$0] == $0 } ? nil : places
  }

  /// Two functions are the same when they have the same code and hold the same. Data that came without values are what they are.
  private func digest(_ place: Int) -> [UInt8] {
    if case .copied(let copies, _) = values, copies.isEmpty { return [0] }
    return Digest.bytes(.exact, of: portable(place)) { prototype in
      withUnsafeBytes(of: ObjectIdentifier(prototype)) { Array($0) }
    }
  }
}

extension PortableValue {
  /// Whether the text of the value as data is all that it is: not of large tensors, figures, modules, and functions that hold values or
  /// have no name.
  var isSaidWhole: Bool {
    nodes.allSatisfy { node in
      switch node {
      case .plain, .string, .list, .record, .range, .again: true
      case .closure(let prototype, _): prototype.name != "fn" && !prototype.captures.contains(where: \.isField)
      case .box(.tensor, let object, _): (object as? Tensor).map { TensorHooks.isSaidWhole($0) } ?? true
      case .box(let tag, _, _): tag == .table || tag == .overload
      }
    }
  }
}

/// Where each point of a sweep draws: under its coordinates, or those that `paired by` names.
struct SweepDraws: Sendable {
  let points: SweepPoints
  let names: [String]
  let pairedBy: [String]?
  let base: Int64
  /// What is drawn under besides the text of a coordinate, for values that their texts do not say, by axis and place.
  let words: [[String?]?]

  init(points: SweepPoints, names: [String], pairedBy: [String]?, base: Int64, words: [[String?]?] = []) {
    self.points = points
    self.names = names
    self.pairedBy = pairedBy
    self.base = base
    self.words = words
  }

  subscript(index: Int) -> Int64 {
    var key = base
    for (axis, (name, value)) in zip(names, points[index]).enumerated() {
      if let paired = pairedBy, !paired.contains(name) { continue }
      var text = "\(name)=\(DatumText.line(value))"
      if axis < words.count, let word = words[axis]?[points.place(of: index, along: axis)] { text += " " + word }
      key = RandomKey.derive(key: key, number: RandomKey.hash(text))
    }
    return key
  }
}
