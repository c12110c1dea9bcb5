import Diagnostics
import Resolution
import Syntax

/// Where a study's text differs from that of an earlier run, in what certain names stand for; comments, prose and layout left
/// out of account.
struct ChangedText {
  private typealias Word = (text: String, place: Span)

  private let before: [Word]
  private let now: [Word]
  private let source: SourceFile
  private let earlier: SourceFile
  /// Which words of each text the other does not have.
  private let gone: Set<Int>
  private let new: Set<Int>

  /// Longer texts are not compared.
  private static let mostWords = 20_000

  /// Of the text that is run and the earlier one.
  init(_ source: SourceFile, since text: String) {
    self.source = source
    earlier = SourceStore.detached(name: source.name, text: text)
    before = ChangedText.words(earlier)
    now = ChangedText.words(source)
    guard max(before.count, now.count) < ChangedText.mostWords else {
      (gone, new) = ([], [])
      return
    }
    let difference = now.map(\.text).difference(from: before.map(\.text))
    gone = Set(difference.removals.map(\.place))
    new = Set(difference.insertions.map(\.place))
  }

  private static func words(_ file: SourceFile) -> [Word] {
    let pieces = highlight(String(decoding: file.bytes, as: UTF8.self))
    return pieces.filter { $0.1 != .comment && $0.1 != .prose }.map { (file.text($0.0), $0.0) }
  }

  /// The first change inside the block of the sweep at `sweep` or a statement that binds one of the names: `line 7: 0.1 → 0.2`;
  /// nil without one.
  func first(in sweep: Span?, names: Set<String>) -> String? {
    let tree = parse(source).tree
    var spans = tree.statements.filter { !names.isDisjoint(with: $0.boundNames.map(\.text)) }.map(\.span)
    if let sweep, case .sweep(let parts)? = tree.expression(at: sweep)?.kind { spans.append(parts.body.span) }
    var (old, place) = (0, 0)
    while old < before.count || place < now.count {
      if gone.contains(old) || new.contains(place) {
        let (from, start) = (old, place)
        while gone.contains(old) { old += 1 }
        while new.contains(place) { place += 1 }
        // What is only gone stood behind the word before.
        let at = now.isEmpty ? 0 : now[place > start ? start : max(0, start - 1)].place.lower
        if spans.contains(where: { $0.lower <= at && at < $0.upper }) {
          let texts = [text(before[from..<old], earlier), text(now[start..<place], source)]
          return "line \(source.position(Int(at)).line): " + texts.joined(separator: " → ")
        }
      } else {
        (old, place) = (old + 1, place + 1)
      }
    }
    return nil
  }

  private func text(_ words: ArraySlice<Word>, _ file: SourceFile) -> String {
    guard let first = words.first, let last = words.last else { return "nothing" }
    let text = file.text(Span(file: 0, lower: Int(first.place.lower), upper: Int(last.place.upper)))
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 30 ? line.prefix(29) + "…" : line
  }
}

extension CollectionDifference.Change {
  fileprivate var place: Int {
    switch self {
    case .insert(let offset, _, _), .remove(let offset, _, _): offset
    }
  }
}

extension Statement {
  /// The names that it binds.
  fileprivate var boundNames: [Name] {
    switch kind {
    case .letBinding(let pattern, _), .varBinding(let pattern, _): pattern.boundNames
    case .function(let name, _, _), .option(let name, _, _, _), .param(let name, _), .state(let name, _): [name]
    default: []
    }
  }
}
