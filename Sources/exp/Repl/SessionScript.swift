import Diagnostics
import Evaluation
import Foundation
import Notation
import Resolution
import Syntax

/// The cells of a session on their way into a script, in which a function is defined once and the seed set once.
struct SessionScript {
  /// The results that cells use as `_` or `_3`.
  let used: Set<Int>
  /// The results that the script gives, by their numbers in the session, in order.
  let results: [Int]
  /// What cells bound by means of a result that the script does not give: what a stopped statement had come to.
  let lost: [String]
  /// Functions that were defined again after they had been used: what they are called here, with their own names.
  private(set) var renamed: [String: String] = [:]
  /// How often cells set the seed.
  private(set) var seeds = 0
  private let cells: [CellScript]
  private let seed: Int?
  /// Cells that only define what nothing uses before it is defined again.
  private var dropped: Set<Int> = []
  /// What is written otherwise than in the cells.
  private var changes: [[(lower: Int, upper: Int, new: String)]]

  /// `seed` is that of the command line, which stands for those of the cells.
  init(cells: [CellScript], prelude: Prelude, seed: Int?) {
    self.cells = cells
    self.seed = seed
    changes = cells.map { _ in [] }
    let trees = cells.map(\.tree)
    var gone: Set<Int> = [], bound: [String] = []
    for (index, cell) in cells.enumerated() {
      if !cell.used.isDisjoint(with: gone) {
        let names = trees[index].statements.flatMap(Self.changed)
        bound += names.filter { !bound.contains($0) }
        // A cell that only looked is left out.
        if names.isEmpty { dropped.insert(index) }
      }
      gone.formUnion(dropped.contains(index) ? Set(cell.origins.map(\.number)) : cell.withoutStatement)
    }
    let kept = cells.enumerated().filter { [dropped] in !dropped.contains($0.offset) }.map(\.element)
    used = kept.reduce(into: []) { $0.formUnion($1.used) }
    results = kept.flatMap { $0.origins.map(\.number) }.filter { [gone] in !gone.contains($0) }
    lost = bound
    setSeedOnce(trees)
    let defined = trees.map { tree in tree.statements.compactMap(Self.function) }
    var latest: [String: Int] = [:], unneeded: [Set<String>] = cells.map { _ in [] }
    for index in cells.indices.reversed() {
      for name in Set(defined[index]) {
        if let next = latest[name], !keep(name, from: index, to: next, trees, prelude) { unneeded[index].insert(name) }
        latest[name] = index
      }
    }
    for (index, tree) in trees.enumerated() where !defined[index].isEmpty {
      let isOnlyFunctions = tree.statements.allSatisfy { statement in
        if case .prose = statement.kind { return true }
        return Self.function(statement) != nil
      }
      if isOnlyFunctions, unneeded[index].isSuperset(of: defined[index]) { dropped.insert(index) }
    }
  }

  private static func function(_ statement: Statement) -> String? {
    if case .function(let name, _, _) = statement.kind { return name.text }
    return nil
  }

  /// The names that a statement binds or assigns; nothing for one that only shows or says something.
  private static func changed(_ statement: Statement) -> [String] {
    switch statement.kind {
    case .letBinding(let pattern, _), .varBinding(let pattern, _): pattern.boundNames.map(\.text)
    case .expression, .show, .claim, .cite, .test, .prose: []
    case .function(let name, _, _), .option(let name, _, _, _): [name.text]
    case .assign(let target, _, _): [root(of: target)]
    case .forLoop(_, _, let body), .whileLoop(_, let body): body.statements.flatMap(changed)
    default: []
    }
  }

  /// The name that an assignment rebinds.
  private static func root(of target: Syntax.Expression) -> String {
    switch target.kind {
    case .name(let name): name
    case .field(let inner, _), .index(let inner, _): root(of: inner)
    default: ""
    }
  }

  /// The last `seed` stays; before it stands nothing that draws, or the script is found to give other values.
  private mutating func setSeedOnce(_ trees: [SyntaxTree]) {
    let found = trees.enumerated().flatMap { index, tree in
      tree.statements.compactMap { statement -> (Int, Span)? in
        if case .seed = statement.kind { return (index, statement.span) }
        return nil
      }
    }
    seeds = found.count
    for (index, span) in seed == nil ? found.dropLast() : found[...] {
      changes[index].append((Int(span.lower), Int(span.upper), ""))
    }
  }

  /// Gives the function that a cell defines another name up to the cell that defines it again. False where nothing uses it
  /// before.
  private mutating func keep(
    _ name: String, from first: Int, to next: Int, _ trees: [SyntaxTree], _ prelude: Prelude
  ) -> Bool {
    var places: [(cell: Int, place: NamePlace)] = []
    for cell in first..<next {
      for place in Resolution.places(of: name, in: trees[cell], prelude: prelude, earlier: cell > first) {
        places.append((cell, place))
      }
      if trees[cell].statements.contains(where: { Self.binds($0, name) }) { break }
    }
    let own = trees[first].statements.filter { Self.function($0) == name }.map(\.span)
    let isUsed = places.contains { cell, place in
      cell > first || !own.contains { $0.lower <= place.span.lower && place.span.upper <= $0.upper }
    }
    let earlier = trees[..<first].filter { $0.statements.contains { Self.function($0) == name } }.count
    let new = freeName(name, from: earlier + 1)
    for (cell, place) in places { changes[cell].append(place.renamed(new)) }
    renamed[new] = name
    return isUsed
  }

  /// Whether a statement binds a name otherwise than as a function.
  private static func binds(_ statement: Statement, _ name: String) -> Bool {
    switch statement.kind {
    case .letBinding(let pattern, _), .varBinding(let pattern, _):
      return pattern.boundNames.contains { $0.text == name }
    case .option(let bound, _, _, _): return bound.text == name
    default: return false
    }
  }

  /// `f_1` for the first of its name, or with the next number that no cell has anywhere.
  private func freeName(_ name: String, from first: Int) -> String {
    var number = first
    while true {
      let new = "\(name)_\(number)"
      if renamed[new] == nil, !cells.contains(where: { $0.text.contains(new) }) { return new }
      number += 1
    }
  }

  /// The script. A result that later cells use as `_` or `_3` gets a name, and so does one that was `drawn` under another key than
  /// the script's statement would have.
  func text(drawn: Set<Int>) -> String {
    var parts = seed.map { ["seed \($0)"] } ?? []
    for (index, cell) in cells.enumerated() where !dropped.contains(index) {
      let part = cell.text(naming: drawn.union(used), drawn: drawn, changes: changes[index])
      if !part.allSatisfy(\.isWhitespace) { parts.append(part.trimmingCharacters(in: .newlines)) }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }
}

extension NamePlace {
  /// The edit of the text after which another name stands there, and the field still has its own.
  fileprivate func renamed(_ new: String) -> (lower: Int, upper: Int, new: String) {
    (Int(span.lower), Int(span.upper), isField ? "\(name): \(new)" : new)
  }
}

/// The text of a cell on its way into a script, where its results have names.
struct CellScript {
  let text: String
  let prelude: Prelude
  /// The number of the last result before the cell.
  let before: Int
  /// The numbers of the results that it gave, with where they came from, in order.
  let origins: [(number: Int, origin: ResultOrigin)]

  /// The results that it uses as `_` or `_3`.
  var used: Set<Int> { Set(uses.map(\.number)) }

  /// The results that none of its expressions gave: of a statement that was stopped, which the text does not have.
  var withoutStatement: Set<Int> {
    let places = Set(statements.map { Int($0.span.lower) })
    return Set(origins.filter { !places.contains($0.origin.offset) }.map(\.number))
  }

  /// The text with names that a script can bind, `result_3`. The results among `named` that came from it are bound and
  /// shown, those among `drawn` with the draws that they had. `changes` are made as well.
  func text(naming named: Set<Int>, drawn: Set<Int>, changes: [(lower: Int, upper: Int, new: String)] = []) -> String {
    var edits = uses.map { $0.place.renamed("result_\($0.number)") } + changes
    let statements = self.statements
    for (number, origin) in origins where named.contains(number) {
      guard let statement = statements.first(where: { Int($0.span.lower) == origin.offset }),
        case .expression = statement.kind
      else { continue }
      let name = "result_\(number)", upper = Int(statement.span.upper)
      let key = "with_key(key(\(StringLiteral.quoted(origin.place))), () -> "
      edits.append((origin.offset, origin.offset, "let \(name) = " + (drawn.contains(number) ? key : "")))
      edits.append((upper, upper, (drawn.contains(number) ? ")" : "") + "\n\(name)"))
    }
    var bytes = Array(text.utf8)
    for (lower, upper, new) in edits.sorted(by: { ($0.0, $0.1) > ($1.0, $1.1) }) {
      bytes.replaceSubrange(lower..<upper, with: Array(new.utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text as a tree of its own.
  var tree: SyntaxTree { parse(SourceStore.detached(name: "cell", text: text)).tree }

  private var statements: [Statement] { tree.statements }

  private var uses: [(place: NamePlace, number: Int)] {
    let bytes = Array(text.utf8), starts = statements.map { Int($0.span.lower) }
    let words = highlight(text).filter { $0.1 == .name || $0.1 == .function }.map { span, _ in
      String(decoding: bytes[Int(span.lower)..<Int(span.upper)], as: UTF8.self)
    }
    let names = Set(words).filter { $0 == "_" || $0.hasPrefix("_") && Int($0.dropFirst()).map { "_\($0)" } == $0 }
    guard !names.isEmpty else { return [] }
    return Resolution.uses(of: names.sorted(), in: tree, prelude: prelude).compactMap { place in
      let start = starts.last { $0 <= Int(place.span.lower) } ?? 0
      let last = origins.last { $0.origin.offset < start }?.number ?? before
      guard let number = place.name == "_" ? last : Int(place.name.dropFirst()), number > 0, number <= last
      else { return nil }
      return (place, number)
    }
  }
}
