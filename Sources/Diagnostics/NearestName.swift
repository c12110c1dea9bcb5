/// The candidate most like `name`, for "did you mean": at most a third of its letters (at least one, at most three)
/// may be inserted, left out, changed, or swapped with a neighbour (Damerau 1964). A different case of letters counts
/// little. Ties go to the candidate that comes first. Nil when nothing is near.
public func nearestName(_ name: String, among candidates: some Sequence<String>) -> String? {
  let target = Array(name.unicodeScalars)
  let folded = Array(name.lowercased().unicodeScalars)
  guard target.count <= 100 else { return nil }
  let limit = max(1, min(3, (target.count + 1) / 3))
  var best: (name: String, distance: Int)?
  for candidate in candidates where candidate != name {
    let scalars = Array(candidate.unicodeScalars)
    guard !scalars.isEmpty, abs(scalars.count - target.count) <= limit else { continue }
    if candidate.lowercased() == name.lowercased() { return candidate }
    let bound = min(limit, (best?.distance ?? limit + 1) - 1)
    guard bound >= 1 else { continue }
    let distance = min(
      editDistance(target, scalars, limit: bound),
      editDistance(folded, Array(candidate.lowercased().unicodeScalars), limit: bound) + 1)
    // Changing the only letter of a name gives any other name.
    if distance <= bound, distance < min(target.count, scalars.count) { best = (candidate, distance) }
  }
  return best?.name
}

/// Restricted Damerau-Levenshtein distance; `limit + 1` as soon as it is known to exceed `limit`.
func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], limit: Int) -> Int {
  if abs(a.count - b.count) > limit { return limit + 1 }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  var row = last
  for i in 0..<a.count {
    row[0] = i + 1
    var smallest = row[0]
    for j in 0..<b.count {
      let change = a[i] == b[j] ? 0 : 1
      var value = min(last[j] + change, last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { value = min(value, beforeLast[j - 1] + 1) }
      row[j + 1] = value
      smallest = min(smallest, value)
    }
    if smallest > limit { return limit + 1 }
    (beforeLast, last, row) = (last, row, beforeLast)
  }
  return last[b.count]
}
