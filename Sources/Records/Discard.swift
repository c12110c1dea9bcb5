import Dispatch

/// Frees what takes long to free, such as a million results, on a thread of its own, so that nobody waits for it.
public enum Discard {
  private static let queue = DispatchQueue(label: "exp.discard", qos: .utility)

  /// The one owner of what is to be freed: it is let go here, whoever else still holds this object.
  private final class Last<Content>: @unchecked Sendable {
    private var content: Content?
    init(_ content: consuming Content) { self.content = content }
    func letGo() { content = nil }
  }

  /// Takes the elements of an array that nobody else holds, and lets go of them later; few are let go of at once.
  public static func later<Element>(_ array: inout [Element]) {
    guard array.count > 4096 else { return array = [] }
    let taken = Last(exchange(&array, for: []))
    queue.async { taken.letGo() }
  }

  private static func exchange<Element>(_ array: inout [Element], for other: consuming [Element]) -> [Element] {
    swap(&array, &other)
    return other
  }
}
