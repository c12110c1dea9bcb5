import Foundation
import Notation
import Records
import Reports

/// The state of a live page and the events that lead to it. Every watcher gets every event in order; one that comes back
/// names the last it had. Safe from any thread.
final class LiveHub: @unchecked Sendable {
  /// Recursive: a watcher that ends is forgotten while it is told so.
  private let lock = NSRecursiveLock()
  /// What the page is called as long as the study has no title.
  private let name: String
  private var title: String
  private var status = ""
  private var options = ""
  private var pieces: [LivePage.Piece] = []
  private var events: [(id: Int, text: String)] = []
  private var bytes = 0
  private var lastID = 0
  private var watchers: [Int: AsyncStream<[UInt8]>.Continuation] = [:]
  private var watcherCount = 0

  /// Bytes of events kept for watchers that come back; older ones read the page again.
  static let mostBytes = 8 << 20

  init(name: String) {
    self.name = name
    title = name
  }

  // MARK: changes

  /// How names of pieces begin that hold errors.
  static let errorPrefix = "error-"

  /// The name of the piece that changes while something is computed.
  static let moving = "moving"

  /// A run begins: what stands is from the one before, except its errors and what it was at, which go.
  func begin() {
    change {
      func isOver(_ piece: LivePage.Piece) -> Bool {
        piece.key.hasPrefix(LiveHub.errorPrefix) || piece.key == LiveHub.moving
      }
      for piece in pieces where isOver(piece) { tell(["remove": .string(piece.key)]) }
      pieces.removeAll(where: isOver)
      for i in pieces.indices { pieces[i].isOld = true }
      tell(["begin": true])
    }
  }

  /// Puts a piece behind another (or first), or leaves it when it stands like that already.
  func set(_ key: String, _ html: String, after: String?) {
    change {
      let place: [JSON.Member] = [.init("set", .string(key))] + (after.map { [.init("after", .string($0))] } ?? [])
      if let i = pieces.firstIndex(where: { $0.key == key }) {
        let isSame = pieces[i].html == html
        if isSame, !pieces[i].isOld { return }
        pieces[i].isOld = false
        pieces[i].html = html
        tell(.object(place + (isSame ? [] : [.init("html", .string(html))])))
      } else {
        let at = after.flatMap { name in pieces.firstIndex { $0.key == name } }.map { $0 + 1 } ?? 0
        pieces.insert(LivePage.Piece(key: key, html: html), at: at)
        tell(.object(place + [.init("html", .string(html))]))
      }
    }
  }

  /// Takes a piece away.
  func remove(_ key: String) {
    change {
      guard let i = pieces.firstIndex(where: { $0.key == key }) else { return }
      pieces.remove(at: i)
      tell(["remove": .string(key)])
    }
  }

  /// Takes away what the run that ended did not say again.
  func removeOld() {
    change {
      for piece in pieces where piece.isOld { tell(["remove": .string(piece.key)]) }
      pieces.removeAll { $0.isOld }
    }
  }

  /// The line under the title.
  func setStatus(_ html: String) {
    change {
      guard html != status else { return }
      status = html
      tell(["status": .string(html)])
    }
  }

  /// The controls.
  func setOptions(_ html: String) {
    change {
      guard html != options else { return }
      options = html
      tell(["options": .string(html)])
    }
  }

  /// The title; nil for a study without one.
  func setTitle(_ text: String?) {
    change {
      let text = text ?? name
      guard text != title else { return }
      title = text
      tell(["title": .string(ReportPage.plain(text)), "heading": .string(LivePage.heading(text))])
    }
  }

  private func change(_ body: () -> Void) {
    lock.lock()
    body()
    lock.unlock()
  }

  private func tell(_ message: JSON) {
    lastID += 1
    let text = "id: \(lastID)\ndata: \(message.compact)\n\n"
    events.append((lastID, text))
    bytes += text.utf8.count
    while bytes > LiveHub.mostBytes, events.count > 1 { bytes -= events.removeFirst().text.utf8.count }
    for (number, watcher) in watchers {
      // A watcher that does not keep up is let go; it comes back with the number of the last event it had.
      if case .dropped = watcher.yield(Array(text.utf8)) {
        watcher.finish()
        watchers[number] = nil
      }
    }
  }

  // MARK: watching

  /// The page as it is now.
  func page() -> String {
    lock.lock()
    defer { lock.unlock() }
    return LivePage.html(title: title, status: status, options: options, pieces: pieces, lastEvent: lastID)
  }

  /// Events after a number, then those to come.
  func events(after id: Int) -> AsyncStream<[UInt8]> {
    AsyncStream([UInt8].self, bufferingPolicy: .bufferingOldest(2000)) { continuation in
      lock.lock()
      let number = watcherCount
      watcherCount += 1
      let oldest = events.first?.id ?? lastID + 1
      var missed = ": welcome\nretry: 500\n\n"
      if id > lastID || id + 1 < oldest {
        missed += "id: \(lastID)\ndata: {\"reload\":true}\n\n"
      } else {
        missed += events.drop { $0.id <= id }.map(\.text).joined()
      }
      continuation.yield(Array(missed.utf8))
      watchers[number] = continuation
      lock.unlock()
      continuation.onTermination = { [weak self] _ in self?.forget(number) }
    }
  }

  private func forget(_ number: Int) {
    lock.lock()
    watchers[number] = nil
    lock.unlock()
  }

  /// A sign of life for connections that nothing else goes over; finds those that are gone.
  func greet() {
    lock.lock()
    for watcher in watchers.values { watcher.yield(Array(": here\n\n".utf8)) }
    lock.unlock()
  }

  /// Ends all connections.
  func close() {
    lock.lock()
    let all = watchers
    watchers = [:]
    lock.unlock()
    for watcher in all.values { watcher.finish() }
  }
}
