/// The names nearest to a misspelt one, nearest first; at most three, and none that are far off.
public func nearNames(_ name: String, among candidates: some Sequence<String>) -> [String] {
  let wanted = Array(name.unicodeScalars)
  guard wanted.count <= 100 else { return [] }
  let limit = wanted.count < 2 ? 0 : max(1, wanted.count / 3)
  var found: [(distance: Int, name: String)] = []
  for candidate in Set(candidates) where candidate != name {
    let scalars = Array(candidate.unicodeScalars)
    if candidate.lowercased() == name.lowercased() {
      found.append((0, candidate))
    } else if abs(scalars.count - wanted.count) <= limit, !scalars.isEmpty {
      let distance = editDistance(wanted, scalars)
      // Of two letters one must agree; a name must not be replaced whole.
      if distance <= limit, distance < min(wanted.count, scalars.count) { found.append((distance, candidate)) }
    }
  }
  return Array(found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var before = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in 0..<b.count {
      var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
      row.append(best)
    }
    before = last
    last = row
  }
  return last[b.count]
}
