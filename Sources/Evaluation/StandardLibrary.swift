import Resolution

/// The functions written in Exp (`stdlib/*.exp`) and the natives, with their names and signatures.
public final class StandardLibrary: @unchecked Sendable {
  /// What the resolver may assume to exist.
  public let prelude: Prelude

  init(prelude: Prelude) { self.prelude = prelude }
}
